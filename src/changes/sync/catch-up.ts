import type { Logger } from 'pino';
import { isMailError } from '../../domain/error.ts';
import { sleep } from '../../platform/abort.ts';
import type { LaneSlot } from '../../platform/queue/lanes.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { ChangePage, MailSession } from '../../providers/contract/mail-session.ts';
import type { Hint, ProviderChange } from '../../providers/contract/watch.ts';
import type { ChangePosition, ChangeStore, LoggedChange, NewChange } from '../change.store.ts';
import { arrivedMeanwhile } from './resync.ts';

interface CatchUpOptions {
  readonly changes: ChangeStore;
  readonly log: Logger;
  /** Called with the entries that were appended to the log. */
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
  /** Called for each page that was read. */
  readonly progressed: () => void;
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
    let { cursor } = start;
    let hints = run.isFullRead || !start.hints?.length ? undefined : start.hints;
    do {
      const found = await this.changesSince(run, cursor, hints);
      run.progressed();
      if (found === 'expired') {
        await this.resync(run, start.notifications);
        return true;
      }
      this.logUnread(integrationId, found);
      const entries = cursor === null ? [] : found.changes.map(entryOf);
      const upToNotification = found.more ? null : start.notifications;
      if (await changes.advance(integrationId, cursor, found.cursor, entries, upToNotification, !found.partial)) {
        hints = undefined;
        if (entries.length > 0) await this.options.appended(integrationId, entries);
        if (!found.more) return true;
        cursor = found.cursor;
      } else {
        // Another instance was first, so the run continues from the cursor of that instance.
        const position = await changes.position(integrationId);
        if (position.cursor === null || position.cursor === cursor) return true;
        cursor = position.cursor;
      }
    } while (Date.now() < endAt);
    return false;
  }

  private logUnread(integrationId: string, { unread = [] }: ChangePage): void {
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
   * Starts again after the provider has dropped the cursor. The new cursor is read before the mailbox, so that mail that
   * arrives in between is found twice rather than never. Everything is stored in one transaction, so after an error the
   * account is still due.
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
    log.info({ integrationId, found: arrived.length }, 'the change cursor had expired: the newest mail was read again');
    const entries = [
      { kind: 'reset', subject: 'CURSOR_EXPIRED' },
      ...arrived.map((subject) => ({ kind: 'created', subject }) as const),
    ] as const;
    if (await changes.advance(integrationId, position.cursor, cursor, entries, upToNotification))
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

const entryOf = (change: ProviderChange): NewChange => ({
  kind: change.kind,
  subject: change.kind === 'mailbox' ? change.mailboxId : change.messageId,
  ...(change.kind === 'updated' && { detail: change.detail }),
});
