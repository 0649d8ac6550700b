import type { GraphQLSchema } from 'graphql';
import { printSchema } from 'graphql';
import type { UserRevisions } from '../../accounts/users/user-revisions.ts';
import { SUBMISSION_TOPIC, SubmissionWake } from '../../mail/submission/submission.feed.ts';
import type { Platform } from '../../platform/open.ts';
import { sha256 } from '../../platform/secrets/digest.ts';
import { Shadow, type StaleAnswer } from './shadow.ts';
import { WholeAnswers } from './whole-answers.ts';

export interface AnswerSettings {
  readonly keptAnswers: 'on' | 'off' | 'shadow';
  readonly httpRevalidation: boolean;
  readonly cacheBytes: number;
}

interface AnswersOptions {
  readonly settings: AnswerSettings;
  readonly schema: GraphQLSchema;
  readonly revisions: UserRevisions;
  readonly onStale?: ((answer: StaleAnswer) => void) | undefined;
}

/** The share of CACHE_BYTES that whole answers have. The rest is for the objects of which further answers are made. */
const ANSWER_SHARE = 1 / 4;
/** The bytes for answers that are only compared, where CACHE_BYTES has none. */
const SHADOW_BYTES = 8 * 1024 * 1024;

/** The bytes of the cache that are for whole answers. */
export const answerBytes = ({ keptAnswers, cacheBytes }: AnswerSettings): number =>
  keptAnswers === 'off' ? 0 : Math.floor(cacheBytes * ANSWER_SHARE);

/** Opens the whole answers. `settled` resolves when it is decided of each difference whether an answer was stale. */
export function openAnswers({ bus, sealer, log, closers }: Platform, options: AnswersOptions) {
  const { settings, schema, revisions, onStale } = options;
  const shadow = settings.keptAnswers === 'shadow' ? new Shadow(log, { onStale }) : null;
  const stop = bus.subscribe(SUBMISSION_TOPIC, (payload) => {
    const wake = SubmissionWake.safeParse(payload);
    if (wake.success) revisions.changed(wake.data.userId);
  });
  const answers = new WholeAnswers({
    maxBytes: answerBytes(settings) || (shadow ? SHADOW_BYTES : 0),
    revalidates: settings.httpRevalidation,
    shadow,
    // Cursors are sealed with the key of this version.
    build: `${sha256(printSchema(schema))} ${sealer.version}`,
    revisions,
  });
  closers.push(() => {
    stop();
    answers.close();
  });
  return { answers, settled: async () => shadow?.settled() };
}
