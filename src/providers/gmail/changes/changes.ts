import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Cursor } from '../../contract/list.ts';
import type { ChangePage } from '../../contract/mail-session.ts';
import { stateDigest } from '../../contract/snapshot.ts';
import type { Hint, ProviderChange } from '../../contract/watch.ts';
import { flagsOf } from '../read/map.ts';
import { isHistoryRecord } from '../wire/answers.ts';
import type { GmailClient } from '../wire/client.ts';
import { GmailError, hasStatus } from '../wire/errors.ts';
import {
  areLabelsDue,
  changedLabels,
  type LabelHashes,
  labelHashes,
  namesUnknownLabel,
  readLabels,
} from './label-hashes.ts';
import { LabelUpdates } from './label-updates.ts';

const PAGE = 500;

/**
 * A position in the history. `history` is the last record that was read. `labels` has a hash of each label at that time,
 * because the history does not report changes of labels.
 */
interface Position extends LabelHashes {
  readonly history: string;
  /** The page token, when Gmail returned a page without records. */
  readonly page?: string;
}

/** The id of the account's latest history record. */
export async function changeMark(client: GmailClient, call: Call): Promise<string> {
  const { historyId } = await client.request('getProfile', call, (users, options) =>
    users.getProfile({ userId: 'me', fields: 'historyId' }, options),
  );
  return requireHistoryId(historyId);
}

/**
 * Reads one page of the history. Labels have no history, so they are compared with those of the last time: whenever everything is
 * asked for, and after a notification only when they are due, as nothing was notified about them.
 */
export async function changes(
  client: GmailClient,
  since: Cursor | null,
  call: Call,
  hints?: readonly Hint[],
): Promise<ChangePage> {
  if (since === null) {
    const [history, labels] = await Promise.all([changeMark(client, call), readLabels(client, call)]);
    return { changes: [], cursor: seal({ history, ...labelHashes(labels) }), more: false, mark: history };
  }
  const from = open(since);
  const areDue = hints === undefined || areLabelsDue(client, from);
  const [answer, early] = await Promise.all([history(client, from, call), areDue ? readLabels(client, call) : null]);
  const listed = answer.history ?? [];
  const records = listed.filter(isHistoryRecord);
  const reading = !areDue && namesUnknownLabel(records, from) ? await readLabels(client, call) : early;
  const hashes = reading ? labelHashes(reading) : labelsOf(from);
  return {
    changes: [...messageChanges(records), ...(reading ? mailboxChanges(changedLabels(from, reading.labels)) : [])],
    cursor: seal({ ...hashes, ...positionAfter(from, answer, records) }),
    more: Boolean(answer.nextPageToken),
    mark: requireHistoryId(answer.historyId),
    unreadable: listed.length - records.length,
  };
}

/** The position after an answer. The answer's historyId is the account's latest one, so it is only used for the last page. */
function positionAfter(
  from: Position,
  answer: gmail_v1.Schema$ListHistoryResponse,
  records: readonly gmail_v1.Schema$History[],
): Pick<Position, 'history' | 'page'> {
  if (!answer.nextPageToken) return { history: requireHistoryId(answer.historyId) };
  // Record ids are used rather than page tokens, because they do not expire and no record is skipped when the next page fails.
  const last = records.at(-1)?.id;
  return last ? { history: last } : { history: from.history, page: answer.nextPageToken };
}

/** Reads a page of the history. With an expired page token, reads again from the last record. */
async function history(client: GmailClient, position: Pick<Position, 'history' | 'page'>, call: Call) {
  const { history: startHistoryId, page } = position;
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
    if (page !== undefined) return history(client, { history: startHistoryId }, call);
    throw new MailError('CURSOR_EXPIRED', 'Gmail no longer knows what changed since then.', { cause: error });
  }
}

/** What a history says of one message. */
interface Known {
  readonly kind: 'created' | 'deleted' | LabelUpdates;
  /** Its labels after the last record. Null where that did not say them. */
  readonly labelIds: readonly string[] | null;
}

/**
 * The changes of a history, one for each message in the order of first occurrence. Each is what happened in the end. The last
 * record of a message has its labels after the change, or its labels now: both are its state by the end of the history.
 */
export function messageChanges(records: readonly gmail_v1.Schema$History[]): ProviderChange[] {
  const byMessage = new Map<string, Known>();
  const note = (entries: readonly { message?: gmail_v1.Schema$Message }[] = [], kind: 'created' | 'deleted') => {
    for (const { message } of entries)
      if (message?.id) byMessage.set(message.id, { kind, labelIds: labelsIn(message) });
  };
  const relabelled = (entries: readonly gmail_v1.Schema$HistoryLabelAdded[] = [], isAdded: boolean) => {
    for (const { message, labelIds } of entries) {
      if (!message?.id) continue;
      const kind = byMessage.get(message.id)?.kind ?? new LabelUpdates();
      byMessage.set(message.id, { kind, labelIds: labelsIn(message) });
      // A created message that was also updated is reported as created, and a deleted one as deleted.
      if (kind instanceof LabelUpdates) kind.note(labelIds, isAdded);
    }
  };
  for (const record of records) {
    note(record.messagesAdded, 'created');
    relabelled(record.labelsAdded, true);
    relabelled(record.labelsRemoved, false);
    note(record.messagesDeleted, 'deleted');
  }
  return [...byMessage].map(([messageId, { kind, labelIds }]): ProviderChange => {
    if (kind === 'deleted') return { kind, messageId };
    const state = labelIds === null ? {} : { state: stateDigest(flagsOf(labelIds)) };
    if (kind === 'created') return { kind, messageId, ...state };
    const detail = kind.detail();
    return { kind: 'updated', messageId, ...(detail && { detail }), ...state };
  });
}

/** Google's JSON leaves out an empty list, so a message without labels looks like one whose labels are not said. */
const labelsIn = ({ labelIds }: gmail_v1.Schema$Message): readonly string[] | null => labelIds ?? null;

const mailboxChanges = (ids: readonly string[]): ProviderChange[] =>
  ids.map((mailboxId) => ({ kind: 'mailbox', mailboxId }));

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

const labelsOf = ({ labels, nested, readAt }: Position): LabelHashes => ({ labels, nested, readAt });

function open(cursor: Cursor): Position {
  try {
    const { history, page, labels, nested, readAt } = JSON.parse(
      Buffer.from(cursor, 'base64url').toString(),
    ) as Partial<Position>;
    if (typeof history === 'string' && /^\d+$/.test(history) && typeof labels === 'object')
      return {
        history,
        labels,
        nested: nested === true,
        // Cursors of earlier releases do not say when.
        readAt: typeof readAt === 'number' ? readAt : 0,
        ...(typeof page === 'string' ? { page } : {}),
      };
  } catch {
    // An unreadable cursor is treated like an expired one.
  }
  throw new MailError('CURSOR_EXPIRED', 'This position in the history is unreadable.');
}
