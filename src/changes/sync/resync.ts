import type { Call } from '../../providers/contract/call.ts';
import { isUnreadable } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { ChangePosition, ChangeStore } from '../change.store.ts';

/** Their clocks and ours differ, and mail can be listed a while after it was received. */
const MARGIN_MS = 10 * 60_000;
/** Log entries that are looked through for what was told already. */
const MAX_LOOKBACK_ENTRIES = 1_000;
const PAGE_SIZE = 100;
/** An account that was away for long is told of its newest mail only; its reset says that there was more. */
const MAX_MESSAGES = 2_000;

/** Ids of the mail that was received since the log was last level with the provider and is not in the log, oldest first. */
export async function arrivedMeanwhile(
  session: Pick<MailSession, 'listMessages'>,
  changes: Pick<ChangeStore, 'read'>,
  integrationId: string,
  position: ChangePosition,
  call: Call,
): Promise<string[]> {
  const level = position.lastReconciledAt ?? position.lastEventAt;
  if (!level) return [];
  const since = new Date(level.getTime() - MARGIN_MS);
  const recent = await changes.read(
    integrationId,
    max(position.sequence - BigInt(MAX_LOOKBACK_ENTRIES), 0n),
    MAX_LOOKBACK_ENTRIES,
  );
  const told = new Set(recent.filter((change) => change.kind === 'created').map((change) => change.subject));

  const arrived: string[] = [];
  const query = { mailboxId: null, where: { kind: 'receivedAfter', at: since } } as const;
  for (let after: string | null = null; ; ) {
    const page = await session.listMessages(query, { size: PAGE_SIZE, after }, call);
    for (const item of page.items) {
      const old = !isUnreadable(item) && item.receivedAt < since;
      if (!old && !told.has(item.id)) arrived.push(item.id);
    }
    after = page.next;
    if (after === null || arrived.length >= MAX_MESSAGES) return arrived.reverse();
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
