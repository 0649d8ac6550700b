import type { Logger } from 'pino';
import { isMailError } from '../../domain/error.ts';
import type { Call, Limits, Meter } from '../../providers/contract/call.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { NewChange } from '../change.store.ts';
import type { LogHolesStore, Repaired } from './log-holes.store.ts';
import type { MailboxComparison } from './mailbox-comparison.ts';
import type { MessageIndexStore } from './message-index.store.ts';
import type { ClaimedPass, ProofStore } from './proof.store.ts';
import type { Listed, Verification } from './verification.ts';

interface ReconcilePassOptions {
  readonly proofs: ProofStore;
  readonly index: MessageIndexStore;
  readonly holes: LogHolesStore;
  readonly verification: Verification;
  readonly mailboxes: MailboxComparison;
  readonly log: Logger;
  /** Called with the entries that were appended to the log. */
  readonly appended: (integrationId: string, entries: readonly NewChange[]) => Promise<void>;
  /** The share of an account's quota that a comparison uses, above 0 and at most 1. */
  readonly quotaShare: number;
  /** How long a deleted message is kept in the index. */
  readonly keptMs: number;
}

/** One account that is compared. */
interface PassRun {
  readonly claim: ClaimedPass;
  readonly session: MailSession;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** How many comparisons of the account in a row have failed before this one. */
  readonly failures: number;
  /** Reads all changes of the account. Throws NotUpToDate. */
  readonly catchUp: () => Promise<void>;
  /** Waits without keeping other accounts from being compared, and then for its turn again. */
  readonly rest: (ms: number) => Promise<void>;
}

interface Outcome {
  readonly mailboxSequence: bigint;
}

/** The messages that are verified together, between two syncs. */
const VERIFIED_AT_ONCE = 200;
const PAGE_TIMEOUT_MS = 120_000;

/**
 * Compares one account with its index: the sequences of the log, then every message of a snapshot, then the messages that are
 * in the index alone, then the mailboxes. Its position is stored after each page, so that any instance can continue it.
 */
export class ReconcilePass {
  constructor(private readonly options: ReconcilePassOptions) {}

  async run(run: PassRun): Promise<Outcome> {
    const { index, holes, log, keptMs } = this.options;
    const { claim } = run;
    const { integrationId } = claim;
    await index.followLog(claim);
    // Before any repair, because a repaired message has a later entry than the one that was lost.
    await holes.fill(claim, async ({ missing, appended }) => {
      log.warn({ integrationId, entries: missing }, 'entries of the change log were missing');
      if (appended.length > 0) await this.options.appended(integrationId, appended);
    });
    if (!claim.pagesRead) await this.comparePages(run);
    await this.sweep(run);
    const compared = await this.options.mailboxes.compare({ ...run, call: this.callOf(run) });
    await this.announce(claim, compared);
    await index.forgetDeleted(integrationId, new Date(Date.now() - keptMs));
    return { mailboxSequence: compared.end };
  }

  private async comparePages(run: PassRun): Promise<void> {
    const { proofs, index } = this.options;
    const { claim, session } = run;
    let { cursor } = claim;
    do {
      const pause = this.pace(run);
      const call = this.callOf(run, pause.meter);
      const end = await index.followLog(claim);
      const page = await session.snapshot?.(cursor, call).catch(async (error: unknown) => {
        if (isMailError(error) && error.code === 'CURSOR_EXPIRED') await proofs.restart(claim);
        throw error;
      });
      if (!page) return;
      const differences = await index.mark(claim, page.messages);
      const states = new Map(page.messages.flatMap((one) => (differences.has(one.id) ? [[one.id, one]] : [])));
      await this.verifyAll(run, [...differences.keys()], { states, end });
      cursor = page.next;
      const position = { cursor, pagesRead: cursor === null };
      await proofs.progress(claim, position, page.messages.length);
      if (cursor !== null) await pause.rest();
    } while (cursor !== null);
  }

  /** Checks the messages that are in the index and were in no page of the snapshot. */
  private async sweep(run: PassRun): Promise<void> {
    const { index } = this.options;
    for (let after = ''; ; ) {
      const end = await index.followLog(run.claim);
      const unseen = await index.unseen(run.claim, after, VERIFIED_AT_ONCE);
      const ids = unseen.map(({ id }) => id);
      const last = ids.at(-1);
      if (last === undefined) return;
      // One that has arrived during the snapshot may have been on a page that had been read.
      const states = new Map(unseen.flatMap(({ id, isOlder }) => (isOlder ? [[id, null]] : [])));
      await this.verifyAll(run, ids, { states, end });
      after = last;
    }
  }

  private async verifyAll(run: PassRun, ids: readonly string[], listed: Listed): Promise<void> {
    for (let start = 0; start < ids.length; start += VERIFIED_AT_ONCE) {
      const pause = this.pace(run);
      const call = this.callOf(run, pause.meter);
      const some = ids.slice(start, start + VERIFIED_AT_ONCE);
      const repaired = (found: Repaired) => this.announce(run.claim, found);
      await this.options.verification.verify({ ...run, call, repaired }, some, listed);
      if (some.length === VERIFIED_AT_ONCE) await pause.rest();
    }
  }

  private async announce({ integrationId }: ClaimedPass, { missing, appended }: Repaired): Promise<void> {
    const { log } = this.options;
    if (appended.length > 0) await this.options.appended(integrationId, appended);
    if (missing === 0) return;
    log.warn({ integrationId, missing }, 'changes that no event had announced were found and are announced now');
    log.debug(
      { integrationId, ids: appended.map(({ subject }) => subject) },
      'the messages and mailboxes of these changes',
    );
  }

  private callOf({ signal }: PassRun, meter?: Meter): Call {
    return { signal, priority: 'background', maxWaitMs: PAGE_TIMEOUT_MS, ...(meter && { meter }) };
  }

  /** Measures what the requests of a page cost, and then waits until they were the account's share of its quota. */
  private pace({ limits, rest }: PassRun): { readonly meter: Meter; rest(): Promise<void> } {
    const begunAt = performance.now();
    let units = 0;
    return {
      meter: {
        sent: (cost) => {
          units += cost;
          return () => {};
        },
        cached: () => {},
      },
      rest: async () => {
        const { quotaShare } = this.options;
        const tookMs = performance.now() - begunAt;
        const byUnitsMs = (units * limits.windowMs) / (limits.units * quotaShare);
        // An account that answers slowly is left alone for as long as it took.
        await rest(Math.max(byUnitsMs - tookMs, tookMs * (1 / quotaShare - 1), 0));
      },
    };
  }
}
