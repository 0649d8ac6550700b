import type { Logger } from 'pino';
import { isMailError } from '../../domain/error.ts';
import { sleep } from '../../platform/abort.ts';
import type { LaneSlot } from '../../platform/queue/lanes.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { ChangePage, MailSession } from '../../providers/contract/mail-session.ts';
import type { Hint, ProviderChange } from '../../providers/contract/watch.ts';
import {
  CHANGES_UNREADABLE,
  type ChangePosition,
  type ChangeStore,
  type LoggedChange,
  type NewChange,
} from '../change.store.ts';
import { arrivedMeanwhile } from './resync.ts';

interface CatchUpOptions {
  readonly changes: ChangeStore;
  /** Returns whether the index can tell what happened to an account during a lost history. */
  readonly canRecover: (integrationId: string) => Promise<boolean>;
  readonly log: Logger;
  /** Called with the entries that were appended to the log, and with none when announced changes turned out to be none. */
  readonly appended: (integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]) => Promise<void>;
}

/** One account to be synchronised. */
interface CatchUpRun {
  readonly integrationId: string;
  readonly session: MailSession;
  readonly call: Call;
  readonly slot: LaneSlot;
  /** A full read: all changes of the account are read, and not only those that the notifications named. */
  readonly isFullRead: boolean;
  /** The run follows a recorded notification, and does nothing when an earlier run has already read its changes. */
  readonly isNoted: boolean;
  /** Called for each page that was read, with its mark where it has one, and whether it is `partial`. */
  readonly progressed: (mark?: string, isPartial?: boolean) => void;
}

/** A longer run leaves the rest to the next one, so that other accounts have their turn. */
const MAX_RUN_MS = 20_000;
/** The pages of a resync. A provider that always reports more must not occupy a slot without end. */
const MAX_PAGES = 1_000;

/** Brings a change log up to date with its provider, page by page. Each page is stored before the next is read. */
export class CatchUp {
  constructor(private readonly options: CatchUpOptions) {}

  /** Returns false when there is more to read, so that another run is needed. */
  async run(run: CatchUpRun): Promise<boolean> {
    const { changes } = this.options;
    const { integrationId } = run;
    const endAt = Date.now() + MAX_RUN_MS;
    const start = await changes.position(integrationId);
    // The run before this one began after the notification and has read its changes. Without hints this run would read all.
    if (run.isNoted && !run.isFullRead && start.cursor !== null && start.dueSince === null) return true;
    if (start.cursor === null && start.lastReconciledAt !== null) {
      // The account was disconnected, which erased its cursor: nobody knows what has happened since.
      await this.resync(run, start.notifications);
      return true;
    }
    let { cursor } = start;
    let isFirst = start.lastReconciledAt === null;
    let hints = hintsOf(run, start);
    do {
      const found = await this.changesSince(run, cursor, hints);
      if (found === 'expired') {
        run.progressed();
        await this.resync(run, start.notifications);
        return true;
      }
      run.progressed(found.mark, found.partial);
      this.logUnread(integrationId, found);
      // What changes before the last page of a first sync may be in no page.
      const isBegun = found.isFirstRead || (isFirst && !found.more);
      const entries = [...found.changes.map(entryOf), ...(isBegun ? [FIRST_SYNC] : [])];
      const upToNotification = found.more ? null : start.notifications;
      // The end of a first sync is a reset, which includes what could not be read until then.
      const hasUnreadable = !isFirst && (found.unreadable ?? 0) > 0;
      const { cursor: to, partial } = found;
      if (await changes.advance(integrationId, cursor, to, entries, upToNotification, !partial, { hasUnreadable })) {
        hints = hints && [];
        const isSettled = start.dueSince !== null && !found.more;
        const appended = hasUnreadable ? [...entries, CHANGES_UNREADABLE] : entries;
        if (appended.length > 0 || isSettled) await this.options.appended(integrationId, appended);
        if (!found.more) return true;
        cursor = found.cursor;
      } else {
        // Another instance was first, so the run continues from the cursor of that instance.
        const position = await changes.position(integrationId);
        if (position.cursor === null || position.cursor === cursor) return true;
        cursor = position.cursor;
        isFirst = position.lastReconciledAt === null;
      }
    } while (Date.now() < endAt);
    return false;
  }

  private logUnread(integrationId: string, { unread = [], unreadable = 0 }: ChangePage): void {
    if (unreadable > 0)
      this.options.log.error({ integrationId, unreadable }, 'records of the provider’s changes could not be read');
    for (const { mailboxId, error } of unread)
      this.options.log.warn(
        { err: error, integrationId, mailboxId },
        'the changes of one mailbox could not be read: it is left out for now',
      );
  }

  private async changesSince(
    { session, call }: CatchUpRun,
    cursor: string | null,
    hints: readonly Hint[] | undefined,
  ): Promise<ChangePage | 'expired'> {
    try {
      return await session.changes(cursor, call, hints);
    } catch (error) {
      if (isMailError(error) && error.code === 'CURSOR_EXPIRED' && cursor !== null) return 'expired';
      throw error;
    }
  }

  /**
   * Starts again after the provider has dropped the cursor, or the account was disconnected. The new cursor is read before the
   * mailbox, so that mail that arrives in between is found twice rather than never. Everything is stored in one transaction, so
   * after an error the account is still due. Where the account has an index, a comparison with it then finds everything else that
   * was created, changed and deleted. Otherwise a reset entry says that there may be more.
   */
  private async resync(run: CatchUpRun, upToNotification: number): Promise<void> {
    const { changes, log } = this.options;
    const { integrationId, session, call } = run;
    const position: ChangePosition = await changes.position(integrationId);
    const read = async (since: string | null) => {
      const found = await retryWhenRateLimited(run, () => session.changes(since, call));
      this.logUnread(integrationId, found);
      return found;
    };
    let { cursor, more } = await read(null);
    for (let page = 1; more && page < MAX_PAGES; page++) ({ cursor, more } = await read(cursor));
    const listing = {
      listMessages: (...asked: Parameters<MailSession['listMessages']>) =>
        retryWhenRateLimited(run, () => session.listMessages(...asked)),
    };
    const arrived = await arrivedMeanwhile(listing, changes, integrationId, position, call);
    const isHistoryLost = session.snapshot !== undefined && (await this.options.canRecover(integrationId));
    const found = { integrationId, found: arrived.length, isCompared: isHistoryLost };
    const why = position.cursor === null ? 'the account had been disconnected' : 'the change cursor had expired';
    log.info(found, `${why}: the newest mail was read again`);
    const reset = position.lastReconciledAt === null ? FIRST_SYNC : HISTORY_LOST;
    const entries = [
      ...(isHistoryLost ? [] : [reset]),
      ...arrived.map((subject) => ({ kind: 'created', subject }) as const),
    ];
    const { cursor: from } = position;
    if (await changes.advance(integrationId, from, cursor, entries, upToNotification, true, { isHistoryLost }))
      await this.options.appended(integrationId, entries);
  }
}

/** A resync waits for the vendor's limits up to this, because waiting is cheaper than starting again. */
const MAX_LIMIT_WAIT_MS = 60_000;

/** Reads one page of a resync. It waits for a rate limit without occupying the slot, because all pages are needed. */
async function retryWhenRateLimited<T>({ slot, call, progressed }: CatchUpRun, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const answer = await ask();
      progressed();
      return answer;
    } catch (error) {
      const waitMs = isMailError(error) && error.code === 'RATE_LIMITED' ? error.retryAfterMs : undefined;
      if (waitMs === undefined || waitMs > MAX_LIMIT_WAIT_MS) throw error;
      progressed();
      await slot.without(() => sleep(Math.max(waitMs, 100), call.signal));
      progressed();
    }
  }
}

/** Where the log begins to have every change. A client that reads the account when it receives this misses none. */
const FIRST_SYNC = { kind: 'reset', subject: 'FIRST_SYNC' } as const satisfies NewChange;

const HISTORY_LOST = { kind: 'reset', subject: 'CURSOR_EXPIRED' } as const satisfies NewChange;

/** Undefined where no notification is followed: everything is then read. */
function hintsOf({ isFullRead, isNoted }: CatchUpRun, { hints }: ChangePosition): readonly Hint[] | undefined {
  if (isFullRead) return undefined;
  return hints?.length ? hints : isNoted ? [] : undefined;
}

const entryOf = (change: ProviderChange): NewChange => ({
  kind: change.kind,
  subject: change.kind === 'mailbox' ? change.mailboxId : change.messageId,
  ...(change.kind === 'updated' && { detail: change.detail, state: change.state }),
  ...(change.kind === 'created' && { state: change.state, receivedAt: change.receivedAt }),
});
