import type { AccountHandle } from '../accounts/handles/account-handle.ts';
import type { Accounts } from '../accounts/open.ts';
import type { Changes } from '../changes/open.ts';
import type { ReadRecorder } from '../domain/dated-read.ts';
import type { Platform } from '../platform/open.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';
import { AccountCaches } from './account-caches.ts';
import type { AccountLogTimes } from './account-log.ts';
import { type CacheUse, cachedSession } from './cached-session.ts';

interface CacheOptions {
  /** The bytes that all accounts together may occupy. 0: nothing is cached, and accounts are followed only to date what is read. */
  readonly maxBytes: number;
  /** Default: INDEX_SETTLE_MS. */
  readonly indexSettleMs?: number | undefined;
  /** Tests make them long. */
  readonly times?: AccountLogTimes | undefined;
}

export interface Cache {
  /**
   * Returns the open session of an account, with its reads answered from the cache and noted in `recorder`. Null: nobody notes
   * them. Throws as `AccountHandle.session` does.
   */
  session(handle: AccountHandle, use: CacheUse, recorder: ReadRecorder | null): Promise<MailSession>;
  /** The sequences of the accounts' change logs that what is cached is as new as. An account of which nothing is cached has none. */
  applied(integrationIds: readonly string[]): ReadonlyMap<string, bigint>;
  /** A reader of an account's change log has come to this entry. What is read from now on is as new as it. */
  noted(integrationId: string, sequence: bigint): void;
  /** The bytes that are occupied, by estimate. */
  readonly bytes: number;
  close(): void;
}

/** Opens the room: what was read of mailboxes, kept right and dated by the change logs. */
export function openCache(platform: Platform, accounts: Accounts, changes: Changes, options: CacheOptions): Cache {
  const { bus } = platform;
  const { directory } = accounts;
  const { maxBytes } = options;
  const { hub: logs, health, sync } = changes;
  const hurry = (integrationId: string) => sync.hurry(integrationId);
  const caches = new AccountCaches({ ...options, logs, health, hurry, directory, bus });
  return {
    async session(handle, use, recorder) {
      const session = await handle.session().catch((error: unknown) => {
        recorder?.undated('an account that could not be opened');
        throw error;
      });
      const account = maxBytes > 0 || recorder ? caches.of(handle, session) : null;
      return cachedSession(session, { account, followed: () => caches.followed(handle), use, recorder });
    },
    applied: (integrationIds) => caches.applied(integrationIds),
    noted: (integrationId, sequence) => caches.noted(integrationId, sequence),
    get bytes() {
      return caches.bytes;
    },
    close: () => caches.close(),
  };
}
