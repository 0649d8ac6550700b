import type { ReadRecorder } from '../domain/dated-read.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';
import type { FollowedAccount } from './account-caches.ts';
import { CachedReads } from './cached-reads.ts';
import { writesOf } from './observed-writes.ts';

/** How a request uses the cache. `refresh` asks the provider and keeps the answers. `through` asks the provider and keeps nothing. */
export type CacheUse = 'reuse' | 'refresh' | 'through';

interface CachedSessionOptions {
  /** Null: nothing is read from the cache, and what is read is not dated. */
  readonly account: FollowedAccount | null;
  /** The account as it is followed when a write ends. Null: it is not followed then. */
  readonly followed: () => FollowedAccount | null;
  readonly use: CacheUse;
  /** Notes what is read. Null: nobody does. */
  readonly recorder: ReadRecorder | null;
}

/** The members that read nothing of the account. */
const WITHOUT_READS: ReadonlySet<string | symbol> = new Set<keyof MailSession>([
  'decides',
  'narrows',
  'roleMailboxId',
  'unlistedMailbox',
]);

/**
 * Returns the session with its reads answered from the cache where that is known to be right, and with the effect of its writes
 * applied to the cache. Everything else runs on the session itself: drafts, whose revisions are compared, and files. An answer
 * for which anything but the reads of the cache was used is not dated.
 */
export function cachedSession(
  session: MailSession,
  { account, followed, use, recorder }: CachedSessionOptions,
): MailSession {
  const reads: Partial<MailSession> =
    account && use !== 'through' ? new CachedReads(session, account, use === 'reuse', recorder).members : {};
  // A session is made for each request, and most requests only read.
  let writes: Partial<MailSession> | null = null;
  return new Proxy(session, {
    get(own, name) {
      if (Object.hasOwn(reads, name)) return reads[name as keyof MailSession];
      if (!WITHOUT_READS.has(name)) writes ??= writesOf(session, followed);
      const isOurs = writes !== null && Object.hasOwn(writes, name);
      const member: unknown = isOurs ? writes?.[name as keyof MailSession] : Reflect.get(own, name, own);
      const canRead = typeof member === 'function' || (typeof member === 'object' && member !== null);
      if (canRead && !WITHOUT_READS.has(name)) recorder?.undated(`MailSession.${String(name)}`);
      return typeof member === 'function' && !isOurs ? member.bind(own) : member;
    },
  });
}
