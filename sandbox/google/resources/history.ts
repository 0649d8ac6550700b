import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { HistoryLabels } from '../../world.ts';
import { badParameter, invalidArgument, notFound } from '../errors.ts';
import type { HistoryRecord } from '../mailbox/history.log.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { invalidToken } from '../paging.ts';
import { type Operation, READ_METADATA } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { labelIds, reference } from './format.ts';

const TYPES = ['messageAdded', 'messageDeleted', 'labelAdded', 'labelRemoved'] as const;
type HistoryType = (typeof TYPES)[number];

/** users.history, the changes since an id. It answers 404 when the id is too old, and does not list renamed labels. */
export const history: readonly Operation[] = [
  {
    name: 'history.list',
    method: 'GET',
    path: '/history',
    scopes: READ_METADATA,
    query: { historyTypes: 'texts', labelId: 'text', maxResults: 'count', pageToken: 'text', startHistoryId: 'text' },
    response: SHAPES.historyList,
    run({ account: { mailbox, historyLabels }, query, emptyPage }): gmail_v1.Schema$ListHistoryResponse {
      const start = query.text('startHistoryId');
      if (!start) throw badParameter('Missing required parameter: startHistoryId', 'startHistoryId');
      if (!/^\d{1,20}$/.test(start)) throw invalidArgument('Invalid startHistoryId');
      const token = query.text('pageToken');
      if (token && !/^\d{1,16}$/.test(token)) throw invalidToken();
      const records = mailbox.history.since(Number(start));
      if (!records) throw notFound();
      const types = new Set(query.texts('historyTypes').map(typeOf));
      const wanted = types.size === 0 ? new Set<HistoryType>(TYPES) : types;
      const label = query.text('labelId');
      const from = token ? Number(token) : 0;
      // A page may hold no records. Only a missing token marks the end (gauteh/lieer#24, #120).
      if (emptyPage) return { nextPageToken: String(from), historyId: String(mailbox.history.current) };
      const labelled = (record: HistoryRecord) => labelsOf(record, historyLabels, mailbox);
      const found = records
        .filter((record) => record.id > from && (!label || concerns(record, label)))
        .flatMap((record) => resource(record, wanted, labelled) ?? []);
      const page = found.slice(0, query.count('maxResults', 100, 500));
      const last = page.at(-1);
      return {
        ...(page.length > 0 ? { history: page } : {}),
        ...(last?.id && found.length > page.length ? { nextPageToken: last.id } : {}),
        historyId: String(mailbox.history.current),
      };
    },
  },
];

function typeOf(name: string): HistoryType {
  const type = TYPES.find((known) => known === name);
  if (!type) throw badParameter(`Invalid value at 'history_types' (TYPE_ENUM), "${name}"`, 'historyTypes');
  return type;
}

function concerns({ labelIds: labels, labelsRemoved }: HistoryRecord, label: string): boolean {
  return labels.includes(label) || (labelsRemoved?.includes(label) ?? false);
}

/** A message that was deleted since has the labels that it had. */
function labelsOf(
  { message, labelIds: then }: HistoryRecord,
  which: HistoryLabels,
  mailbox: Mailbox,
): Iterable<string> {
  if (which === 'none') return [];
  return which === 'now' ? (mailbox.get(message.id)?.labels ?? then) : then;
}

/** Returns null when the request selects no part of the record. */
function resource(
  record: HistoryRecord,
  wanted: ReadonlySet<HistoryType>,
  labelled: (record: HistoryRecord) => Iterable<string>,
): gmail_v1.Schema$History | null {
  const message = { ...reference(record.message), ...labelIds(labelled(record)) };
  const changes: gmail_v1.Schema$History = {};
  if (record.added && wanted.has('messageAdded')) changes.messagesAdded = [{ message }];
  if (record.deleted && wanted.has('messageDeleted')) changes.messagesDeleted = [{ message }];
  if (record.labelsAdded && wanted.has('labelAdded'))
    changes.labelsAdded = [{ message, labelIds: [...record.labelsAdded] }];
  if (record.labelsRemoved && wanted.has('labelRemoved'))
    changes.labelsRemoved = [{ message, labelIds: [...record.labelsRemoved] }];
  if (Object.keys(changes).length === 0) return null;
  if (record.isMalformed) return malformed(record);
  return { id: String(record.id), messages: [reference(record.message)], ...changes };
}

/** A record that names no message. */
const malformed = ({ id }: HistoryRecord): gmail_v1.Schema$History =>
  ({ id: String(id), messages: [{ id: 7 }], messagesAdded: [{ message: { id: 7, labelIds: 'INBOX' } }] }) as never;
