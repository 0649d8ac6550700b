import type { AccountHandle } from '../accounts/handles/account-handle.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { ChangeDetail } from '../providers/contract/change-detail.ts';

/**
 * Returns for how many milliseconds a replica of the provider may still answer as it has done here, without the change that the
 * entry reports (`MailSession.readsSettleMs`). 0: the answer is final. `found` is null for what does not exist.
 */
export async function lagLeftMs(
  account: Pick<AccountHandle, 'session'>,
  change: LoggedChange,
  found: Message | Mailbox | null,
): Promise<number> {
  const { kind, detail, repeats, writtenAt } = change;
  // A mailbox that was looked for again is listed, or does not exist.
  const isLacking =
    kind === 'mailbox' ? !found && repeats === undefined : !found || contradicts(found as Message, detail);
  if (!isLacking) return 0;
  // An account that cannot be opened has no replica that could answer otherwise.
  const { readsSettleMs = 0 } = await account.session().catch(() => ({ readsSettleMs: 0 }));
  return Math.min(readsSettleMs, Math.max(0, writtenAt + readsSettleMs - performance.now()));
}

/** Whether a message is not as the entry says that it was updated. It may also have been changed again since. */
function contradicts(message: Message, detail: ChangeDetail | null): boolean {
  if (detail === null) return false;
  const { mailboxIds, mailboxIdsAdded = [], mailboxIdsRemoved = [], ...flags } = detail;
  const isIn = (id: string) => message.mailboxIds.includes(id);
  return (
    (Object.keys(flags) as (keyof typeof flags)[]).some((flag) => flags[flag] !== message[flag]) ||
    !(mailboxIds ?? mailboxIdsAdded).every(isIn) ||
    (mailboxIds !== undefined && mailboxIds.length !== message.mailboxIds.length) ||
    mailboxIdsRemoved.some(isIn)
  );
}
