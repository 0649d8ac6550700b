import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { z } from 'zod';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Cursor } from '../../contract/list.ts';
import { type MessageState, type SnapshotPage, stateDigest } from '../../contract/snapshot.ts';
import { SnapshotCursors } from '../../shared/snapshot-cursor.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { listLabels } from '../read/labels.ts';
import { flagsOf } from '../read/map.ts';
import { getOne } from '../read/messages.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import type { BatchPart } from '../wire/multipart.ts';

/** The messages of one page when the caller sets no limit: what is held in memory at once. */
const WINDOW = 10_000;
/** Gmail's maximum for one list. A list costs five units, whatever its length. */
const MAX_LISTED = 500;
/** The marks of the last messages of a page, by which the next page leaves out those of the second that both have. */
const MAX_SHOWN = 500;
/** The one label that is a flag and no mailbox. */
const UNREAD = 'UNREAD';

const Position = z.object({
  /** Only messages received before this second. */
  before: z.number().int(),
  /** The labels that messages before it may have. */
  labels: z.array(z.string().min(1)),
  shown: z.array(z.string()).max(MAX_SHOWN),
});
type Position = z.infer<typeof Position>;
const cursors = new SnapshotCursors<Position>(Position);

/**
 * Lists the ids of a window of messages, and then the ids that each label has within it. Gmail's lists have no labels, and to
 * read 50,000 messages would cost 250,000 units: so do 50,000 mails of four labels cost 500 lists, or 2,500 units.
 *
 * The newest window is listed without a search, because Gmail's index may not have the newest messages yet. An older one is
 * searched for (`before:`), because a page token expires and a cursor must not.
 */
export async function snapshot(
  client: GmailClient,
  after: Cursor | null,
  call: Call,
  limit = WINDOW,
): Promise<SnapshotPage> {
  const position = after === null ? null : cursors.read(after);
  const labels = position?.labels ?? (await allLabels(client, call));
  const window = await readWindow(client, position, limit, call);
  const shown = new Set(position?.shown);
  const labelsById = new Map<string, string[]>();
  for (const id of window.ids) if (!shown.has(markOf(id))) labelsById.set(id, []);
  const unfinished = await readLabels(client, labels, position, limit, labelsById, call);
  const messages = [...labelsById].map(
    ([id, labelIds]): MessageState => ({ id, receivedAt: null, state: stateDigest(flagsOf(labelIds)) }),
  );
  if (window.nextBefore === null) return { messages, next: null };
  const marks = window.ids.slice(-MAX_SHOWN).map(markOf);
  return { messages, next: cursors.write({ before: window.nextBefore, labels: unfinished, shown: marks }) };
}

async function allLabels(client: GmailClient, call: Call): Promise<string[]> {
  const labels = await listLabels(client, call, 'labels(id,type)');
  return [...labels.flatMap(({ id }) => id ?? []), UNREAD];
}

interface Window {
  readonly ids: readonly string[];
  /** The second before which the next window begins. Null: there is none. */
  readonly nextBefore: number | null;
}

/** Reads pages of ids, newest first, until there are enough and the oldest is older than the window's first second. */
async function readWindow(client: GmailClient, position: Position | null, limit: number, call: Call): Promise<Window> {
  const ids: string[] = [];
  let token: string | undefined;
  for (;;) {
    const page: IdPage = await listIds(client, { position, limit, token }, call);
    ids.push(...page.ids);
    token = page.next;
    if (token === undefined) return { ids, nextBefore: null };
    if (ids.length < limit) continue;
    const oldest = await oldestSecond(client, ids, call);
    // Both windows have the second in which they meet: `before:` is exclusive, and rounding is not documented.
    const nextBefore = oldest === null ? null : oldest + 2;
    // A mass import may give more messages than a window has to one second. The window is then longer.
    if (nextBefore !== null && (position === null || nextBefore < position.before)) return { ids, nextBefore };
  }
}

/** The second in which the last of these messages was received. Null: the last ones were all deleted since. */
async function oldestSecond(client: GmailClient, ids: readonly string[], call: Call): Promise<number | null> {
  for (const id of ids.slice(-5).reverse()) {
    try {
      const { internalDate } = await getOne(client, id, { format: 'minimal', fields: 'id,internalDate' }, call);
      return Math.floor(Number(internalDate ?? 0) / 1000);
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }
  return null;
}

/**
 * Adds to each message of the window the labels that it has. Lists are newest first, so one ends with the first page that has
 * no message of the window. Returns the labels that messages before the window may have.
 */
async function readLabels(
  client: GmailClient,
  labels: readonly string[],
  position: Position | null,
  limit: number,
  labelsById: ReadonlyMap<string, string[]>,
  call: Call,
): Promise<string[]> {
  const unfinished: string[] = [];
  let open: { readonly label: string; readonly token?: string | undefined }[] = labels.map((label) => ({ label }));
  while (open.length > 0) {
    const parts = open.map(({ label, token }) => listPart({ position, limit, token, label }));
    const answers = await runBatch(client, 'messages.list', parts, call);
    const further: typeof open = [];
    for (const [n, { label, token }] of open.entries()) {
      const answer = answers[n];
      // The label was deleted since, and no message has it.
      if (token === undefined && hasStatus(answer, 400)) continue;
      if (isMailError(answer)) throw unlessExpired(answer);
      const page = idPage(answer as gmail_v1.Schema$ListMessagesResponse);
      let found = 0;
      for (const id of page.ids) {
        const known = labelsById.get(id);
        if (!known) continue;
        // New mail may move a message to the next page, where it is listed again.
        if (known.at(-1) !== label) known.push(label);
        found++;
      }
      if (page.next === undefined) {
        if (found < page.ids.length) unfinished.push(label);
      } else if (found > 0 || page.ids.length === 0) further.push({ label, token: page.next });
      else unfinished.push(label);
    }
    open = further;
  }
  return unfinished;
}

interface Listed {
  readonly position: Position | null;
  readonly limit: number;
  readonly token: string | undefined;
  readonly label?: string;
}
interface IdPage {
  readonly ids: readonly string[];
  readonly next: string | undefined;
}

const paramsOf = ({ position, limit, token, label }: Listed) => ({
  maxResults: Math.min(MAX_LISTED, limit),
  includeSpamTrash: true,
  fields: 'messages/id,nextPageToken,resultSizeEstimate',
  ...(label === undefined ? {} : { labelIds: [label] }),
  ...(position === null ? {} : { q: `before:${position.before}` }),
  ...(token === undefined ? {} : { pageToken: token }),
});

async function listIds(client: GmailClient, listed: Listed, call: Call): Promise<IdPage> {
  try {
    return idPage(
      await client.request('messages.list', call, (users, options) =>
        users.messages.list({ userId: 'me', ...paramsOf(listed) }, options),
      ),
    );
  } catch (error) {
    throw listed.token === undefined ? error : unlessExpired(error);
  }
}

function listPart(listed: Listed): BatchPart {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(paramsOf(listed))) query.append(name, String(value));
  return { method: 'GET', path: `/gmail/v1/users/me/messages?${query}` };
}

const idPage = ({ messages, nextPageToken }: gmail_v1.Schema$ListMessagesResponse): IdPage => ({
  ids: (messages ?? []).flatMap(({ id }) => id ?? []),
  next: nextPageToken || undefined,
});

const unlessExpired = (error: unknown): unknown =>
  hasStatus(error, 400)
    ? new MailError('CURSOR_EXPIRED', 'Gmail ended a list of messages before it was read. Read them from the start.', {
        cause: error,
      })
    : error;
