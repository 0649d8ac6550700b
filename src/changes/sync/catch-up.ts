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
  /** What was just appended to the log. */
  readonly appended: (integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]) => Promise<void>;
}

/** One account to be brought level. */
interface CatchUpRun {
  readonly integrationId: string;
  readonly session: MailSession;
  readonly call: Call;
  readonly place: LaneSlot;
  /** Asks for all of the account, whatever the provider named. */
  readonly isWhole: boolean;
  /** Only what is noted as told and not read is asked for: where that is nothing, nothing is. */
  readonly isNoted: boolean;
  /** Each page that has come. */
  readonly progressed: () => void;
}

/** A run that has more to read than this leaves the rest to its next one, so that others have their turn. */
const MAX_RUN_MS = 20_000;
/** Pages of a re-read: a provider that says "more" without end must not hold a place without end. */
const MAX_PAGES = 1_000;

/** Brings one change log level with its provider, page by page, each page stored as it comes. */
export class CatchUp {
  constructor(private readonly options: CatchUpOptions) {}

  /** False: there is more, and it should be asked for again. */
  async run(run: CatchUpRun): Promise<boolean> {
    const { changes } = this.options;
    const { integrationId } = run;
    const enough = Date.now() + MAX_RUN_MS;
    const begun = await changes.position(integrationId);
    // The run before this one began after the news was noted, and has read it. Without a hint left all would be asked for.
    if (run.isNoted && !run.isWhole && begun.cursor !== null && begun.dueSince === null) return true;
    let { cursor } = begun;
    let hints = run.isWhole || !begun.hints?.length ? undefined : begun.hints;
    do {
      const found = await this.changesSince(run, cursor, hints);
      run.progressed();
      if (found === 'expired') {
        await this.resync(run, begun.signals);
        return true;
      }
      this.tellUnread(integrationId, found);
      const entries = cursor === null ? [] : found.changes.map(entryOf);
      const levelAt = found.more ? null : begun.signals;
      if (await changes.advance(integrationId, cursor, found.cursor, entries, levelAt, !found.partial)) {
        hints = undefined;
        if (entries.length > 0) await this.options.appended(integrationId, entries);
        if (!found.more) return true;
        cursor = found.cursor;
      } else {
        // Another instance was first: go on from where it has come to.
        const position = await changes.position(integrationId);
        if (position.cursor === null || position.cursor === cursor) return true;
        cursor = position.cursor;
      }
    } while (Date.now() < enough);
    return false;
  }

  private tellUnread(integrationId: string, { unread = [] }: ChangePage): void {
    for (const { mailboxId, error } of unread)
      this.options.log.warn(
        { err: error, integrationId, mailboxId },
        'changes of one mailbox could not be read: it is left out for now',
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
   * The provider no longer knows our place. The new place is taken before the mailbox is read, so what arrives in
   * between is found twice rather than never. It is stored whole or not at all: one that fails half way stays due.
   */
  private async resync(run: CatchUpRun, levelAt: number): Promise<void> {
    const { changes, log } = this.options;
    const { integrationId, session, call } = run;
    const position: ChangePosition = await changes.position(integrationId);
    const read = async (since: string | null) => {
      const found = await retryWhenRateLimited(run, () => session.changes(since, call));
      this.tellUnread(integrationId, found);
      return found;
    };
    let { cursor, more } = await read(null);
    for (let page = 1; more && page < MAX_PAGES; page++) ({ cursor, more } = await read(cursor));
    const listing = {
      listMessages: (...asked: Parameters<MailSession['listMessages']>) =>
        retryWhenRateLimited(run, () => session.listMessages(...asked)),
    };
    const arrived = await arrivedMeanwhile(listing, changes, integrationId, position, call);
    log.info({ integrationId, found: arrived.length }, 'the change cursor had expired: read again from the top');
    const entries = [
      { kind: 'reset', subject: 'CURSOR_EXPIRED' },
      ...arrived.map((subject) => ({ kind: 'created', subject }) as const),
    ] as const;
    if (await changes.advance(integrationId, position.cursor, cursor, entries, levelAt))
      await this.options.appended(integrationId, entries);
  }
}

/** How long a re-read waits for the vendor's limits before it is put off: from the top it costs more than waiting. */
const MAX_LIMIT_WAIT_MS = 60_000;

/** One page of many that are only worth something together: a limit that is met in between is waited out, without the place. */
async function retryWhenRateLimited<T>({ place, call, progressed }: CatchUpRun, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const answer = await ask();
      progressed();
      return answer;
    } catch (error) {
      const waitMs = isMailError(error) && error.code === 'RATE_LIMITED' ? error.retryAfterMs : undefined;
      if (waitMs === undefined || waitMs > MAX_LIMIT_WAIT_MS) throw error;
      progressed();
      await place.without(() => sleep(Math.max(waitMs, 100), call.signal));
      progressed();
    }
  }
}

const entryOf = (change: ProviderChange): NewChange => ({
  kind: change.kind,
  subject: change.kind === 'mailbox' ? change.mailboxId : change.messageId,
  ...(change.kind === 'updated' && { detail: change.detail }),
});
