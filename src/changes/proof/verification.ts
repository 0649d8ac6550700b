import { type ErrorCode, isMailError, isNotFound, type MailError } from '../../domain/error.ts';
import { sleep } from '../../platform/abort.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import { type MessageState, stateDigest } from '../../providers/contract/snapshot.ts';
import type { ChangeStore, NewChange } from '../change.store.ts';
import { differenceOf } from './index-update.ts';
import type { Repaired } from './log-holes.store.ts';
import type { MessageIndexStore } from './message-index.store.ts';
import type { ClaimedPass } from './proof.store.ts';

/** The log could not be brought up to date, so that nothing can be said about it. The comparison continues later. */
export class NotUpToDate extends Error {
  override readonly name = 'NotUpToDate';
}

interface VerificationOptions {
  readonly changes: Pick<ChangeStore, 'append'>;
  readonly index: Pick<MessageIndexStore, 'followLog' | 'rows' | 'fill' | 'lockClaimed' | 'countRepaired'>;
  /** Milliseconds for which a difference must last, because a provider's feed may lag behind its messages. */
  readonly settleMs: number;
}

/** What a verification works on. */
interface VerifiedAccount {
  readonly claim: ClaimedPass;
  readonly session: Pick<MailSession, 'getMessages'>;
  readonly call: Call;
  /** Reads all changes of the account. Throws NotUpToDate. */
  readonly catchUp: () => Promise<void>;
  /** Called after each transaction that has repaired something, because a later step may fail. */
  readonly repaired: (found: Repaired) => Promise<void>;
  /** How many comparisons of the account in a row have failed before this one. */
  readonly failures: number;
}

/** What the provider's list says of the messages that differ, for those which it never gives. */
export interface Listed {
  /** Null: the list, which was read to its end, does not have the message. */
  readonly states: ReadonlyMap<string, MessageState | null>;
  /** Where the log ended before they were listed. */
  readonly end: bigint;
}

/** Answers that say nothing of the message that was asked for. */
const REFUSALS: ReadonlySet<string> = new Set(['RATE_LIMITED', 'STORE_UNAVAILABLE'] satisfies ErrorCode[]);
/** The messages that are read at once. */
const BATCH = 50;
/** A message that changes between every two looks is left to the next comparison. */
const MAX_LOOKS = 4;
/** After so many comparisons that have failed, none of the messages being readable is no sign of an outage any more. */
const MAX_FAILURES = 2;

/**
 * Decides which differences between the provider and the index are real, and repairs these. A change in flight is none: the
 * log is brought up to date, each message is read, and the log is brought up to date again. A difference that is then left,
 * of a message that the log has not mentioned meanwhile, is one that no event announced. A message that fails in every look, while others do not, is what the list says.
 */
export class Verification {
  constructor(private readonly options: VerificationOptions) {}

  async verify(account: VerifiedAccount, ids: readonly string[], listed: Listed): Promise<void> {
    const { index, settleMs } = this.options;
    const { claim, call, catchUp, failures } = account;
    let open = ids;
    let unread: ReadonlyMap<string, MailError> = new Map();
    let isAnswering = failures >= MAX_FAILURES;
    await catchUp();
    for (let look = 0; open.length > 0 && look < MAX_LOOKS; look++) {
      // After a lost history differences are expected, and an event too many does no harm.
      const isWaiting = !claim.isRecovering || unread.size > 0;
      if (isWaiting && settleMs > 0) await sleep(settleMs, call.signal);
      const end = await index.followLog(claim);
      const { messages, failed } = await this.read(account, open);
      unread = failed;
      isAnswering ||= messages.size > 0;
      const [error] = failed.values();
      if (error && !isAnswering) throw error;
      await catchUp();
      await index.followLog(claim);
      const rows = await index.rows(claim.integrationId, [...messages.keys()]);
      const differing = [...messages].filter(([id, message]) => differenceOf(rows.get(id), message));
      const settled = differing.filter(([id]) => (rows.get(id)?.sequence ?? 0n) <= end);
      await this.repair(account, new Map(settled), end);
      const isSettled = new Set(settled.map(([id]) => id));
      open = [...differing.flatMap(([id]) => (isSettled.has(id) ? [] : [id])), ...failed.keys()];
    }
    const unreadable = [...listed.states].filter(([id]) => unread.has(id));
    await this.repair(account, new Map(unreadable), listed.end);
  }

  /** Reads the messages as they are now. Null: there is no such message. Throws when the account or its provider refuses. */
  private async read(
    { session, call }: VerifiedAccount,
    ids: readonly string[],
  ): Promise<{ messages: Map<string, MessageState | null>; failed: Map<string, MailError> }> {
    const messages = new Map<string, MessageState | null>();
    const failed = new Map<string, MailError>();
    for (let start = 0; start < ids.length; start += BATCH) {
      const batch = ids.slice(start, start + BATCH);
      for (const [n, answer] of (await session.getMessages(batch, 'envelope', call)).entries()) {
        const id = batch[n] ?? '';
        if (!isMailError(answer)) messages.set(id, { id, receivedAt: answer.receivedAt, state: stateDigest(answer) });
        else if (isNotFound(answer)) messages.set(id, null);
        else if (answer.ofAccount || REFUSALS.has(answer.code)) throw answer;
        else failed.set(id, answer);
      }
    }
    return { messages, failed };
  }

  /** Appends an entry for each message that still differs and that the log has not mentioned after `end`. */
  private async repair(
    { claim, repaired }: VerifiedAccount,
    messages: ReadonlyMap<string, MessageState | null>,
    end: bigint,
  ): Promise<void> {
    const { changes, index } = this.options;
    if (messages.size === 0) return;
    const isExpected = claim.isBuilding || claim.isRecovering;
    let missing = 0;
    const toFill: MessageState[] = [];
    const appended = await changes.append(claim.integrationId, async (tx) => {
      await index.lockClaimed(tx, claim);
      const rows = await index.rows(claim.integrationId, [...messages.keys()], tx);
      const entries: NewChange[] = [];
      for (const [subject, message] of messages) {
        const row = rows.get(subject);
        const difference = differenceOf(row, message);
        if (!difference || (row?.sequence ?? 0n) > end) continue;
        if (claim.isBuilding && difference === 'uncertain' && message) {
          toFill.push(message);
          continue;
        }
        if (!isExpected && difference !== 'uncertain') missing++;
        const kind = difference === 'uncertain' ? 'updated' : difference;
        entries.push({
          kind,
          subject,
          ...(message && { state: message.state }),
          ...(message?.receivedAt && { receivedAt: message.receivedAt }),
        });
      }
      await index.countRepaired(tx, claim, missing);
      return entries;
    });
    if (appended.length > 0) await repaired({ missing, appended });
    await index.fill(claim, toFill, end);
  }
}
