import { isMailError, MailError, noSuchMessage } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import type { Patch } from '../../contract/mail-session.ts';
import { writeRefusal } from '../../shared/access.ts';
import { isMailbox } from '../read/labels.ts';
import { getMessages } from '../read/messages.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { LabelChange } from './label-change.ts';

/** Above this number, one batchModify (50 units for any number) is cheaper than single modifications (5 units each). */
const MAX_SINGLE_UPDATES = 10;
const MAX_BATCH_SIZE = 1000;

/**
 * Changes labels and then reads the messages, because Gmail answers a change with labels only or with nothing, and ignores ids
 * that do not exist. Trash and spam are changed as labels, so that one request moves a thousand messages.
 */
export async function update(client: GmailClient, patches: readonly Patch[], call: Call): Promise<Batch<Message>> {
  const refusal = writeRefusal(client.options.access);
  if (refusal) return patches.map(() => refusal);
  const changes = new Map<string, LabelChange>();
  for (const patch of patches) {
    const change = changes.get(patch.id) ?? new LabelChange();
    changes.set(patch.id, change);
    change.apply(patch);
  }
  const failed = new Map<string, MailError>();
  for (const patch of patches) {
    if (!mailboxesOf(patch).every(isMailbox))
      failed.set(patch.id, new MailError('INVALID', 'Gmail has no such mailbox. It may have been deleted.'));
  }
  for (const [id, { fixed }] of changes) {
    if (fixed)
      failed.set(id, new MailError('INVALID', `At Gmail ${fixed} cannot be added to or removed from a message.`));
  }
  await modify(client, groupByChange(changes, failed), failed, call);

  // Gmail's 400 may concern a message or a mailbox that does not exist. Reading the messages tells which.
  const open = [...changes.keys()].filter((id) => !failed.has(id) || hasStatus(failed.get(id), 400));
  const read = await getMessages(client, open, 'envelope', call);
  const after = new Map(open.map((id, index) => [id, read[index]]));
  return patches.map(({ id }) => {
    const message = after.get(id);
    if (isMailError(message) && message.code === 'NOT_FOUND') return message;
    return explained(failed.get(id)) ?? notReturned(message) ?? noSuchMessage();
  });
}

/** The error of a message that was changed but could not be read. It says so, because a client would otherwise repeat the change. */
function notReturned(message: Message | MailError | undefined): Message | MailError | undefined {
  if (!isMailError(message)) return message;
  const { code, retryAfterMs } = message;
  return new MailError(code, 'Gmail made the change, but did not return the changed message. Read it again.', {
    retryAfterMs,
    cause: message,
  });
}

/** The mailboxes that a patch names. */
const mailboxesOf = ({ addMailboxIds = [], removeMailboxIds = [], moveTo }: Patch): readonly string[] => [
  ...addMailboxIds,
  ...removeMailboxIds,
  ...(typeof moveTo === 'object' ? [moveTo.mailboxId, moveTo.fromMailboxId ?? moveTo.mailboxId] : []),
];

function explained(error: MailError | undefined): MailError | undefined {
  if (error?.code === 'NOT_FOUND') return noSuchMessage({ cause: error });
  if (!hasStatus(error, 400)) return error;
  return new MailError('INVALID', 'Gmail did not accept the change. Check that each mailbox in it still exists.', {
    cause: error,
  });
}

interface Group {
  readonly ids: string[];
  readonly body: object;
}

/** Groups messages with the same label changes. */
function groupByChange(changes: ReadonlyMap<string, LabelChange>, failed: ReadonlyMap<string, MailError>): Group[] {
  const groups = new Map<string, Group>();
  for (const [id, { add, remove }] of changes) {
    if (failed.has(id) || add.length + remove.length === 0) continue;
    const body = {
      ...(add.length > 0 ? { addLabelIds: add } : {}),
      ...(remove.length > 0 ? { removeLabelIds: remove } : {}),
    };
    const key = JSON.stringify(body);
    const group = groups.get(key) ?? { ids: [], body };
    groups.set(key, group);
    group.ids.push(id);
  }
  return [...groups.values()];
}

async function modify(
  client: GmailClient,
  groups: readonly Group[],
  failed: Map<string, MailError>,
  call: Call,
): Promise<void> {
  const few = groups.filter(({ ids }) => ids.length <= MAX_SINGLE_UPDATES);
  const many = groups.filter(({ ids }) => ids.length > MAX_SINGLE_UPDATES);
  await Promise.all([
    modifyEach(client, few, failed, call),
    ...many.map((group) => modifyAtOnce(client, group, failed, call)),
  ]);
}

async function modifyAtOnce(
  client: GmailClient,
  { ids, body }: Group,
  failed: Map<string, MailError>,
  call: Call,
): Promise<void> {
  for (let start = 0; start < ids.length; start += MAX_BATCH_SIZE) {
    const some = ids.slice(start, start + MAX_BATCH_SIZE);
    try {
      await client.request('messages.batchModify', call, (users, options) =>
        users.messages.batchModify({ userId: 'me', requestBody: { ids: some, ...body } }, options),
      );
    } catch (error) {
      if (!isMailError(error)) throw error;
      // One invalid id fails the whole batch, so the messages are modified one by one.
      if (hasStatus(error, 400) || hasStatus(error, 404)) await modifyEach(client, [{ ids: some, body }], failed, call);
      else for (const id of some) failed.set(id, error);
    }
  }
}

async function modifyEach(
  client: GmailClient,
  groups: readonly Group[],
  failed: Map<string, MailError>,
  call: Call,
): Promise<void> {
  const items = groups.flatMap(({ ids, body }) => ids.map((id) => ({ id, body })));
  const parts = items.map(({ id, body }) => ({
    method: 'POST' as const,
    path: `/gmail/v1/users/me/messages/${encodeURIComponent(id)}/modify?fields=id`,
    body,
  }));
  const answers = await runBatch(client, 'messages.modify', parts, call);
  items.forEach(({ id }, index) => {
    const answer = answers[index];
    if (isMailError(answer)) failed.set(id, answer);
  });
}
