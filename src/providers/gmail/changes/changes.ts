import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, MailError } from '../../../domain/error.ts';
import { shortHash } from '../../../platform/short-hash.ts';
import type { Call } from '../../contract/call.ts';
import type { Cursor } from '../../contract/list.ts';
import type { ChangePage } from '../../contract/mail-session.ts';
import type { ProviderChange } from '../../contract/watch.ts';
import { listLabels } from '../read/labels.ts';
import type { GmailClient } from '../wire/client.ts';
import { GmailError, hasStatus } from '../wire/errors.ts';
import { LabelUpdates } from './label-updates.ts';

const PAGE = 500;
/** The fields of a label that are hashed or that identify it as a mailbox. */
const LABEL_FIELDS = 'labels(id,name,type,color/backgroundColor)';

/**
 * A position in the history. `history` is the last record that was read. `labels` has a hash of each label's name and colour at
 * that time, because the history does not report changes of labels.
 */
interface Position {
  readonly history: string;
  /** The page token, when Gmail returned a page without records. */
  readonly page?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export async function changes(client: GmailClient, since: Cursor | null, call: Call): Promise<ChangePage> {
  if (since === null) {
    const [profile, labels] = await Promise.all([
      client.request('getProfile', call, (users, options) =>
        users.getProfile({ userId: 'me', fields: 'historyId' }, options),
      ),
      labelHashes(client, call),
    ]);
    return {
      changes: [],
      cursor: seal({ history: requireHistoryId(profile.historyId), labels: labels ?? {} }),
      more: false,
    };
  }
  const from = open(since);
  const [answer, labels] = await Promise.all([history(client, from, call), labelHashes(client, call)]);
  const records = answer.history ?? [];
  return {
    changes: [...messageChanges(records), ...(labels ? mailboxChanges(from.labels, labels) : [])],
    cursor: seal({ ...positionAfter(from, answer), labels: labels ?? from.labels }),
    more: Boolean(answer.nextPageToken),
  };
}

/** The position after an answer. The answer's historyId is the account's latest one, so it is only used for the last page. */
function positionAfter(from: Position, answer: gmail_v1.Schema$ListHistoryResponse): Omit<Position, 'labels'> {
  if (!answer.nextPageToken) return { history: requireHistoryId(answer.historyId) };
  // Record ids are used rather than page tokens, because they do not expire and no record is skipped when the next page fails.
  const last = answer.history?.at(-1)?.id;
  return last ? { history: last } : { history: from.history, page: answer.nextPageToken };
}

/** Reads a page of the history. With an expired page token, reads again from the last record. */
async function history(client: GmailClient, { history: startHistoryId, page }: Position, call: Call) {
  try {
    return await client.request('history.list', call, (users, options) =>
      users.history.list(
        {
          userId: 'me',
          startHistoryId,
          maxResults: PAGE,
          historyTypes: ['messageAdded', 'messageDeleted', 'labelAdded', 'labelRemoved'],
          ...(page === undefined ? {} : { pageToken: page }),
        },
        options,
      ),
    );
  } catch (error) {
    if (!hasStatus(error, 404) && !hasStatus(error, 400)) throw error;
    if (page !== undefined) return history(client, { history: startHistoryId, labels: {} }, call);
    throw new MailError('CURSOR_EXPIRED', 'Gmail no longer knows what changed since then.', { cause: error });
  }
}

/** The changes of a history, one for each message in the order of first occurrence. Each is what happened in the end. */
export function messageChanges(records: readonly gmail_v1.Schema$History[]): ProviderChange[] {
  const byMessage = new Map<string, LabelUpdates | 'created' | 'deleted'>();
  const note = (entries: readonly { message?: gmail_v1.Schema$Message }[] = [], kind: 'created' | 'deleted') => {
    for (const { message } of entries) if (message?.id) byMessage.set(message.id, kind);
  };
  const relabelled = (entries: readonly gmail_v1.Schema$HistoryLabelAdded[] = [], isAdded: boolean) => {
    for (const { message, labelIds } of entries) {
      if (!message?.id) continue;
      const known = byMessage.get(message.id) ?? new LabelUpdates();
      byMessage.set(message.id, known);
      // A created message that was also updated is reported as created, and a deleted one as deleted.
      if (known instanceof LabelUpdates) known.note(labelIds, isAdded);
    }
  };
  for (const record of records) {
    note(record.messagesAdded, 'created');
    relabelled(record.labelsAdded, true);
    relabelled(record.labelsRemoved, false);
    note(record.messagesDeleted, 'deleted');
  }
  return [...byMessage].map(([messageId, known]): ProviderChange => {
    if (!(known instanceof LabelUpdates)) return { kind: known, messageId };
    const detail = known.detail();
    return { kind: 'updated', messageId, ...(detail && { detail }) };
  });
}

function mailboxChanges(before: Position['labels'], now: Position['labels']): ProviderChange[] {
  const ids = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...ids].filter((id) => before[id] !== now[id]).map((mailboxId) => ({ kind: 'mailbox', mailboxId }));
}

/** A short hash of each label's name and colour. Null: the labels could not be read, which must not delay the mail. */
async function labelHashes(client: GmailClient, call: Call): Promise<Position['labels'] | null> {
  try {
    const labels = await listLabels(client, call, LABEL_FIELDS);
    return Object.fromEntries(
      labels.map((label) => [label.id, hashOfLabel([label.name, label.color?.backgroundColor])]),
    );
  } catch (error) {
    if (isMailError(error)) return null;
    throw error;
  }
}

const hashOfLabel = (parts: readonly unknown[]): string => shortHash(JSON.stringify(parts), 5);

function requireHistoryId(historyId: string | null | undefined): string {
  if (historyId) return historyId;
  throw new GmailError(
    'PROVIDER_UNAVAILABLE',
    'Gmail returned an unreadable answer. Try again.',
    'history.list',
    null,
    'no historyId',
  );
}

const seal = (position: Position): Cursor => Buffer.from(JSON.stringify(position)).toString('base64url');

function open(cursor: Cursor): Position {
  try {
    const { history, page, labels } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Partial<Position>;
    if (typeof history === 'string' && /^\d+$/.test(history) && typeof labels === 'object')
      return { history, labels, ...(typeof page === 'string' ? { page } : {}) };
  } catch {
    // An unreadable cursor is treated like an expired one.
  }
  throw new MailError('CURSOR_EXPIRED', 'This position in the history is unreadable.');
}
