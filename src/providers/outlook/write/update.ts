import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import type { Patch } from '../../contract/mail-session.ts';
import { writeRefusal } from '../../shared/access.ts';
import { ENVELOPE } from '../read/fields.ts';
import { toMessage } from '../read/map.ts';
import { getLiving, noSuchMessage } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { type BatchPart, batch } from '../wire/batch.ts';
import { categoryName, isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';

const WELL_KNOWN = {
  ARCHIVE: 'archive',
  TRASH: 'deleteditems',
  INBOX: 'inbox',
  JUNK: 'junkemail',
  SENT: 'sentitems',
  DRAFTS: 'drafts',
} as const;

/**
 * Applies the patches. Each message is read first, so that a deleted one stays deleted and its current categories are
 * known. It is then patched and moved, all in $batch requests. Both steps can be repeated safely, because ids survive a
 * move. The result has the updated message or at most one error for each patch.
 */
export async function update(account: GraphAccount, patches: readonly Patch[], call: Call): Promise<Batch<Message>> {
  const refusal = writeRefusal(account.access);
  if (refusal) return patches.map(() => refusal);
  const before = await readAll(account, patches, call);
  const plans = patches.map((patch, i) => planOf(patch, before[i] ?? noSuchMessage()));
  const chains = plans.filter((plan): plan is BatchPart[] => !isMailError(plan) && plan.length > 0);
  const outcomes = await batch<GraphMessage>(account.graph, 'messages.update', chains, call);
  const outcomeOf = new Map(chains.map((chain, n) => [chain, outcomes[n]]));
  return patches.map((patch, i) => {
    const [plan, original] = [plans[i] ?? noSuchMessage(), before[i] ?? noSuchMessage()];
    if (isMailError(plan)) return plan;
    if (isMailError(original)) return original;
    const updated = outcomeOf.get(plan);
    if (isMailError(updated)) return explained(updated, patch);
    // The answer lacks the extended properties, but no patch changes them.
    return toMessage({ ...original, ...updated });
  });
}

function readAll(account: GraphAccount, patches: readonly Patch[], call: Call): Promise<Batch<GraphMessage>> {
  const { select, expand } = ENVELOPE;
  const paths = patches.map(({ id }) =>
    isId(id) ? path(`/me/messages/${segment(id)}`, { $select: select, $expand: expand }) : null,
  );
  return getLiving(account, paths, { operation: 'messages.get' }, call);
}

/** Returns the folders and categories to add the message to and to remove it from. */
function mailboxesOf({ addMailboxIds = [], removeMailboxIds = [], moveTo }: Patch) {
  if (typeof moveTo !== 'object') return { add: addMailboxIds, remove: removeMailboxIds };
  const from = moveTo.fromMailboxId === null ? [] : [moveTo.fromMailboxId];
  return { add: [...addMailboxIds, moveTo.mailboxId], remove: [...removeMailboxIds, ...from] };
}

const isFolder = (mailboxId: string): boolean => categoryName(mailboxId) === null;

/** Returns the requests for a patch, which may be none, or an error when the patch is impossible. */
function planOf(patch: Patch, message: GraphMessage | MailError): BatchPart[] | MailError {
  if (isMailError(message)) return message;
  const { add, remove } = mailboxesOf(patch);
  const folderId = targetFolder(add.filter(isFolder), remove.filter(isFolder), patch.moveTo);
  if (isMailError(folderId)) return folderId;
  const body: Record<string, unknown> = {};
  if (patch.isRead !== undefined) body.isRead = patch.isRead;
  if (patch.isStarred !== undefined) body.flag = { flagStatus: patch.isStarred ? 'flagged' : 'notFlagged' };
  if (patch.isImportant !== undefined) body.importance = patch.isImportant ? 'high' : 'normal';
  const categories = categoriesOf(message, add, remove);
  if (categories) body.categories = categories;
  const at = `/me/messages/${segment(patch.id)}`;
  const parts: BatchPart[] = Object.keys(body).length === 0 ? [] : [{ method: 'PATCH', path: at, body }];
  return folderId === null
    ? parts
    : [...parts, { method: 'POST', path: `${at}/move`, body: { destinationId: folderId } }];
}

/**
 * Returns the message's new folder, or null when it stays. A message is in exactly one folder, so it can leave that
 * only for another.
 */
function targetFolder(
  add: readonly string[],
  remove: readonly string[],
  moveTo: Patch['moveTo'],
): string | null | MailError {
  const wanted = new Set([...add, ...(typeof moveTo === 'string' ? [WELL_KNOWN[moveTo]] : [])]);
  const [to] = wanted;
  if (wanted.size > 1 || (to === undefined && remove.length > 0)) {
    return new MailError('INVALID', 'In Outlook a message is in exactly one folder. Give one folder only.');
  }
  if (to === undefined || isId(to)) return to ?? null;
  return new MailError('NOT_FOUND', 'There is no such mailbox in this Outlook account.');
}

/** Returns the full list of categories to write, or null when they stay as they are. */
function categoriesOf(message: GraphMessage, add: readonly string[], remove: readonly string[]): string[] | null {
  const current = message.categories ?? [];
  const removed = new Set(remove.map(categoryName));
  const added = add.map(categoryName).filter((name) => name !== null);
  const wanted = [...new Set([...current, ...added])].filter((name) => !removed.has(name));
  return wanted.length === current.length && wanted.every((name) => current.includes(name)) ? null : wanted;
}

/** Explains a failed move to the archive: the message may exist although the archive folder does not. */
function explained(error: MailError, patch: Patch | undefined): MailError {
  if (patch?.moveTo !== 'ARCHIVE' || error.code !== 'NOT_FOUND') return error;
  return new MailError(
    'NOT_FOUND',
    'There is no such message, or this Outlook account has no archive folder. Outlook creates one when you first archive there.',
    {
      cause: error,
    },
  );
}
