import type { Call } from '../../providers/contract/call.ts';
import { isUnreadable } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { ChangePosition, ChangeStore } from '../change.store.ts';

/** The clocks of the provider and the gateway differ, and mail may appear in lists some time after it was received. */
const MARGIN_MS = 10 * 60_000;
/** The log entries that are searched for mail that was already reported. */
const MAX_LOOKBACK_ENTRIES = 1_000;
const PAGE_SIZE = 100;
/** After a long absence only the newest mail is reported. An index then finds the rest, or the reset entry says that there may be more. */
const MAX_MESSAGES = 2_000;

/** Returns the ids of the mail that was received since the log was last up to date and is not in the log, the oldest first. */
export async function arrivedMeanwhile(
  session: Pick<MailSession, 'listMessages'>,
  changes: Pick<ChangeStore, 'read'>,
  integrationId: string,
  position: ChangePosition,
  call: Call,
): Promise<string[]> {
  const lastKnownAt = position.lastReconciledAt ?? position.lastEventAt;
  if (!lastKnownAt) return [];
  const since = new Date(lastKnownAt.getTime() - MARGIN_MS);
  const recent = await changes.read(
    integrationId,
    max(position.sequence - BigInt(MAX_LOOKBACK_ENTRIES), 0n),
    MAX_LOOKBACK_ENTRIES,
  );
  const reported = new Set(recent.filter((change) => change.kind === 'created').map((change) => change.subject));

  const arrived: string[] = [];
  const query = { mailboxId: null, where: { kind: 'receivedAfter', at: since } } as const;
  for (let after: string | null = null; ; ) {
    const page = await session.listMessages(query, { size: PAGE_SIZE, after }, call);
    for (const item of page.items) {
      const old = !isUnreadable(item) && item.receivedAt < since;
      if (!old && !reported.has(item.id)) arrived.push(item.id);
    }
    after = page.next;
    if (after === null || arrived.length >= MAX_MESSAGES) return arrived.reverse();
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
