import { MailError } from '../domain/error.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { SubmissionType } from '../mail/api/submission/submission.type.ts';
import type { SubmissionStore } from '../mail/submission/submission.store.ts';
import { isFinal, type SubmissionRecord } from '../mail/submission/submission.ts';
import { retryUntilStoreIsBack } from '../platform/database/store/store.retry.ts';
import type { SubmissionCursors } from './event.cursor.ts';
import { streamEvents } from './event.stream.ts';
import { type ChangedSubmission, SubmissionLog, type SubmissionLogOptions } from './submission.log.ts';
import { SubmissionSource, type TimedEvent } from './submission.source.ts';
import { SubmissionChanged } from './submission-changed.type.ts';

interface SubmissionEventsOptions extends SubmissionLogOptions {
  readonly store: SubmissionLogOptions['store'] & Pick<SubmissionStore, 'find'>;
  readonly mailOf: MailOf;
  readonly cursors: SubmissionCursors;
}

/** The state changes of a user's submissions as a stream. */
export class SubmissionEvents {
  constructor(private readonly options: SubmissionEventsOptions) {}

  /** Throws UNAUTHENTICATED, NOT_FOUND or BAD_USER_INPUT before the first event. */
  async open(id: string | null, after: string | null, context: Context): Promise<AsyncIterable<SubmissionChanged>> {
    const { userId } = requirePrincipal(context);
    const since = after === null ? null : this.options.cursors.open(userId, after);
    if (id !== null) return this.ofOne(userId, id, since, context);
    const events = (from: Date | null, signal: AbortSignal) => this.changed(userId, null, from, { ...context, signal });
    return new SubmissionSource(since, events, context.signal);
  }

  /** It begins with the present state, so it is read for each subscriber. */
  private async ofOne(
    userId: string,
    id: string,
    since: Date | null,
    context: Context,
  ): Promise<AsyncGenerator<SubmissionChanged, void, void>> {
    if (!(await this.options.store.find(userId, id))) throw new MailError('NOT_FOUND', 'There is no such submission.');
    const changed = this.changed(userId, id, since, context);
    return (async function* () {
      for await (const { event } of changed) yield event;
    })();
  }

  private async *changed(
    userId: string,
    id: string | null,
    since: Date | null,
    context: Context,
  ): AsyncGenerator<TimedEvent<SubmissionChanged>, void, void> {
    const { mailOf, cursors } = this.options;
    const { signal } = context;
    const stream = streamEvents<ChangedSubmission, Date, SubmissionRecord>({
      logs: new SubmissionLog(this.options, id),
      keys: async () => [userId],
      positions: new Map(since && [[userId, since]]),
      positionOf: ({ position }) => position,
      show: async ({ record }) => record,
      signal,
    });
    for await (const { value: record, positions } of stream) {
      const opening = () => mailOf(createContext({ ...context })).find(record.integrationId);
      const account = await retryUntilStoreIsBack(opening, signal);
      const position = positions.get(userId) ?? record.updatedAt;
      const event =
        account && new SubmissionChanged(cursors.seal(userId, position), new SubmissionType(account, record));
      if (event) yield { event, position };
      if (id !== null && isFinal(record.status)) return;
    }
  }
}
