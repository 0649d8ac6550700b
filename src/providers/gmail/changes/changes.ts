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
/** What a look is made of, and what tells a mailbox. */
const LOOK_FIELDS = 'labels(id,name,type,color/backgroundColor)';

/** `history` is the last record that was consumed; `labels` the look of each label then, which the history does not tell. */
interface Position {
  readonly history: string;
  /** Where the history goes on, when Gmail gave a page without records. */
  readonly page?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export async function changes(client: GmailClient, since: Cursor | null, call: Call): Promise<ChangePage> {
  if (since === null) {
    const [profile, labels] = await Promise.all([
      client.request('getProfile', call, (users, options) =>
        users.getProfile({ userId: 'me', fields: 'historyId' }, options),
      ),
      looks(client, call),
    ]);
    return { changes: [], cursor: seal({ history: known(profile.historyId), labels: labels ?? {} }), more: false };
  }
  const from = open(since);
  const [answer, labels] = await Promise.all([history(client, from, call), looks(client, call)]);
  const records = answer.history ?? [];
  return {
    changes: [...messageChanges(records), ...(labels ? mailboxChanges(from.labels, labels) : [])],
    cursor: seal({ ...reached(from, answer), labels: labels ?? from.labels }),
    more: Boolean(answer.nextPageToken),
  };
}

/** A page may have no records and a nextPageToken: only without one is the answer's historyId where the account stands. */
function reached(from: Position, answer: gmail_v1.Schema$ListHistoryResponse): Omit<Position, 'labels'> {
  if (!answer.nextPageToken) return { history: known(answer.historyId) };
  // Record ids rather than page tokens: they do not run out, and nothing is passed over when the next page fails.
  const last = answer.history?.at(-1)?.id;
  return last ? { history: last } : { history: from.history, page: answer.nextPageToken };
}

/** With a page token that Gmail no longer takes, from the record that it followed. */
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

/** One change a message, in the order in which they were first met: what became of it in the end. */
export function messageChanges(records: readonly gmail_v1.Schema$History[]): ProviderChange[] {
  const met = new Map<string, LabelUpdates | 'created' | 'deleted'>();
  const seen = (entries: readonly { message?: gmail_v1.Schema$Message }[] = [], kind: 'created' | 'deleted') => {
    for (const { message } of entries) if (message?.id) met.set(message.id, kind);
  };
  const relabelled = (entries: readonly gmail_v1.Schema$HistoryLabelAdded[] = [], isAdded: boolean) => {
    for (const { message, labelIds } of entries) {
      if (!message?.id) continue;
      const known = met.get(message.id) ?? new LabelUpdates();
      met.set(message.id, known);
      // A new message that was also changed is still new; a deleted one is only deleted.
      if (known instanceof LabelUpdates) known.note(labelIds, isAdded);
    }
  };
  for (const record of records) {
    seen(record.messagesAdded, 'created');
    relabelled(record.labelsAdded, true);
    relabelled(record.labelsRemoved, false);
    seen(record.messagesDeleted, 'deleted');
  }
  return [...met].map(([messageId, known]): ProviderChange => {
    if (!(known instanceof LabelUpdates)) return { kind: known, messageId };
    const detail = known.detail();
    return { kind: 'updated', messageId, ...(detail && { detail }) };
  });
}

function mailboxChanges(before: Position['labels'], now: Position['labels']): ProviderChange[] {
  const ids = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...ids].filter((id) => before[id] !== now[id]).map((mailboxId) => ({ kind: 'mailbox', mailboxId }));
}

/** Name and colour of each label, as a few letters. Null when they could not be read: mail does not wait for them. */
async function looks(client: GmailClient, call: Call): Promise<Position['labels'] | null> {
  try {
    const labels = await listLabels(client, call, LOOK_FIELDS);
    return Object.fromEntries(labels.map((label) => [label.id, look([label.name, label.color?.backgroundColor])]));
  } catch (error) {
    if (isMailError(error)) return null;
    throw error;
  }
}

const look = (parts: readonly unknown[]): string => shortHash(JSON.stringify(parts), 5);

function known(historyId: string | null | undefined): string {
  if (historyId) return historyId;
  throw new GmailError(
    'PROVIDER_UNAVAILABLE',
    'Gmail gave an unreadable answer. Try again.',
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
    // Falls through: a cursor that cannot be read is as good as an old one.
  }
  throw new MailError('CURSOR_EXPIRED', 'This position in the history is unreadable.');
}
