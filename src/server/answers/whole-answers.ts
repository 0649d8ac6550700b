import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { UserRevisions } from '../../accounts/users/user-revisions.ts';
import type { DatedRead } from '../../domain/dated-read.ts';
import type { Principal } from '../../domain/principal.ts';
import { type AnswerDates, isUnchanged, OperationReads, stateOf } from '../../graphql/reads.ts';
import { isNoCache } from '../http/contexts.ts';
import { isRead } from '../http/operation-url.ts';
import { AnswerStore, type KeptAnswer } from './answer-store.ts';
import { AskedQueries } from './asked-query.ts';
import { entityTag, isNoneMatch } from './entity-tag.ts';
import type { Shadow } from './shadow.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Records what the operation reads, where its answer may be kept. Null otherwise. */
    reads: OperationReads | null;
  }
}

interface WholeAnswersOptions {
  /** 0: no answer is kept. */
  readonly maxBytes: number;
  /** Whether answers over GET have an entity tag (HTTP_REVALIDATION). */
  readonly revalidates: boolean;
  /** Present where every request is executed, and the kept answers are only compared with the fresh ones. */
  readonly shadow: Shadow | null;
  /** Identifies the schema and the key version by which answers are made. */
  readonly build: string;
  readonly revisions: Pick<UserRevisions, 'read' | 'onChanged'>;
}

/** What identifies an answer of one principal. */
interface Question {
  readonly key: string;
  /** The user, or an empty string for nobody. */
  readonly owner: string;
}

/** Stands for the rows of a user whose revision is not known. The answer has a tag, and is not kept. */
const UNKNOWN: DatedRead = { key: 'user', state: 'changed', hasChanged: true, confirm: async () => 'changed' };

/** The number of different Accept headers whose content type is remembered. */
const MAX_CONTENT_TYPES = 1_000;
/** The longest Accept header that is remembered, in characters. A request with a longer one is executed each time. */
const MAX_ACCEPT_LENGTH = 200;

/**
 * Answers requests over HTTP with whole answers that were kept, while nothing of what they show has changed. A request gets
 * here as it would get to Apollo Server: its caller is authenticated, and it has its slot. Everything that is not kept is
 * executed by Apollo Server.
 */
export class WholeAnswers {
  private readonly asked = new AskedQueries();
  private readonly store: AnswerStore | null;
  private readonly stop: () => void;
  /**
   * The content type that Apollo Server has chosen for an Accept header. Another one is answered by Apollo Server first, so that
   * the negotiation is nowhere repeated.
   */
  private readonly contentTypes = new LRUCache<string, string>({ max: MAX_CONTENT_TYPES });

  constructor(private readonly options: WholeAnswersOptions) {
    this.store = options.maxBytes > 0 ? new AnswerStore(options.maxBytes) : null;
    this.stop = options.revisions.onChanged((userId) => this.store?.forget(userId));
  }

  /** Answers a request, by `execute` if it has to be executed. That returns the body, when Apollo Server has set everything else. */
  async answer(request: FastifyRequest, reply: FastifyReply, execute: () => Promise<unknown>): Promise<unknown> {
    const { caller, headers, method } = request;
    const { store, options } = this;
    const asked = caller && !caller.refusal ? this.asked.of(request) : null;
    const isTagged = options.revalidates && isRead(method);
    if (!asked || !(store || isTagged)) return execute();
    const principal = caller?.principal ?? null;
    const question = this.question(asked.digest, principal);
    const isThrough = isNoCache(headers['cache-control']);
    const isFresh = asked.registers || isThrough;
    const kept = isFresh ? null : await this.keptAnswer(question);
    const contentType = this.contentTypes.get(headers.accept ?? '');
    if (kept && contentType !== undefined && !options.shadow) {
      request.slot?.expect(kept.body.length);
      return isTagged
        ? this.revalidate(request, reply, tagOf(kept, question.key, contentType), kept.body, contentType)
        : reply.header('cache-control', 'no-store').header('content-type', contentType).send(kept.body);
    }

    request.reads = await this.recorder(principal);
    const body = await execute();
    // The fresh answer may show what no change feed reports, and no later one may show less.
    if (isThrough) store?.delete(question.owner, question.key);
    const type = reply.getHeader('content-type');
    if (reply.statusCode !== 200 || typeof body !== 'string' || typeof type !== 'string') return body;
    const { accept = '' } = headers;
    if (accept.length <= MAX_ACCEPT_LENGTH) this.contentTypes.set(accept, type);
    const { dates } = request.reads;
    // An answer with errors begins with them.
    if (!dates || !body.startsWith('{"data":{')) return body;
    // The bytes of a kept answer are sent as they are, and those of another one would be made once more.
    const bytes = (isThrough ? null : await this.keep(question, body, dates, kept)) ?? body;
    return isTagged ? this.revalidate(request, reply, entityTag([question.key, type], bytes), bytes, type) : bytes;
  }

  close(): void {
    this.stop();
    this.store?.close();
  }

  /** `isTagged` answers may be stored by the client's cache, which has to ask each time whether they are still right. */
  private revalidate(
    { headers }: FastifyRequest,
    reply: FastifyReply,
    tag: string,
    body: string | Buffer,
    contentType: string,
  ): FastifyReply {
    reply
      .header('etag', tag)
      .header('cache-control', 'private, no-cache')
      .header('vary', 'Authorization, Accept, Origin');
    if (!isNoneMatch(headers['if-none-match'], tag)) return reply.header('content-type', contentType).send(body);
    // RFC 9110, section 15.4.5: the headers above, and none about a content that is not sent.
    return reply.removeHeader('content-type').code(304).send();
  }

  /** Returns the kept answer if nothing of it has changed. */
  private async keptAnswer({ owner, key }: Question): Promise<KeptAnswer | null> {
    const kept = this.store?.get(owner, key);
    if (!kept) return null;
    if (stateOf(kept.dates) === 'unchanged' || (await isUnchanged(kept.dates))) return kept;
    this.store?.delete(owner, key);
    return null;
  }

  /** Keeps an answer, and returns its bytes. Null: it is not kept. */
  private async keep(
    { owner, key }: Question,
    body: string,
    dates: AnswerDates,
    kept: KeptAnswer | null,
  ): Promise<Buffer | null> {
    // In the shadow, the older answer stays for the next comparison.
    if (kept && (await this.options.shadow?.compare(key, kept, body))) return null;
    if (stateOf(dates) === 'changed') return null;
    return this.store?.set(owner, key, body, dates).body ?? null;
  }

  /** Everything that a user can read of their own rows is dated by their revision, so it is noted before anything is read. */
  private async recorder(principal: Principal | null): Promise<OperationReads> {
    const reads = new OperationReads();
    reads.begin();
    if (!principal) return reads;
    reads.note((await this.options.revisions.read(principal.userId)) ?? UNKNOWN);
    return reads;
  }

  private question(digest: string, principal: Principal | null): Question {
    const { userId = '', kind, credentialId, scopes } = principal ?? {};
    const parts = JSON.stringify([this.options.build, digest, userId, kind, credentialId, scopes]);
    return { key: hash('sha256', parts, 'base64url'), owner: userId };
  }
}

function tagOf({ tags, body }: KeptAnswer, key: string, contentType: string): string {
  const tag = tags.get(contentType) ?? entityTag([key, contentType], body);
  tags.set(contentType, tag);
  return tag;
}
