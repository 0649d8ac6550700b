import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch, Detail } from '../../contract/list.ts';
import { mapYielding } from '../../shared/by-size.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import type { BatchPart } from '../wire/multipart.ts';
import { bodyParts } from './body-parts.ts';
import { ENVELOPE_FIELDS, ENVELOPE_HEADERS, FULL_FIELDS } from './fields.ts';
import { toMessage } from './map.ts';
import { headersAsWritten } from './raw-header.ts';

export const ENVELOPE = { format: 'metadata', metadataHeaders: [...ENVELOPE_HEADERS] };
const MESSAGE = {
  envelope: { ...ENVELOPE, fields: ENVELOPE_FIELDS },
  full: { format: 'full', fields: FULL_FIELDS },
} satisfies Record<Detail, gmail_v1.Params$Resource$Users$Messages$Get>;
/** Reads messages: a single id in a plain request, several in batches of up to fifty. */
export async function getMessages(
  client: GmailClient,
  ids: readonly string[],
  detail: Detail,
  call: Call,
): Promise<Batch<Message>> {
  const [only] = ids;
  const raw =
    ids.length === 1 && only !== undefined
      ? [await settled(getOne(client, only, MESSAGE[detail], call))]
      : await runBatch(client, 'messages.get', getParts('messages', ids, MESSAGE[detail]), call);
  const answers = raw.map((answer) =>
    isMailError(answer) ? readError(answer, 'message') : (answer as gmail_v1.Schema$Message),
  );
  const read = answers.flatMap((answer) => (isMailError(answer) ? [] : answer));
  const [written] = await Promise.all([
    headersAsWritten(client, read, call),
    detail === 'full' ? fetchLongBodies(client, answers, call) : null,
  ]);
  const sizeOf = (answer: gmail_v1.Schema$Message | MailError) =>
    detail === 'full' && !isMailError(answer) ? answer.sizeEstimate : 0;
  return mapYielding(answers, sizeOf, (answer) => {
    if (isMailError(answer)) return answer;
    const message = toMessage(answer, detail, written.get(answer.id ?? ''));
    // The message has the decoded bodies now, so the encoded ones need not stay in memory for a whole page.
    delete answer.payload;
    return message;
  });
}

export const getOne = (
  client: GmailClient,
  id: string,
  params: gmail_v1.Params$Resource$Users$Messages$Get,
  call: Call,
): Promise<gmail_v1.Schema$Message> =>
  client.request('messages.get', call, (users, options) =>
    users.messages.get({ userId: 'me', id, ...params }, options),
  );

/** Fetches the long texts that Gmail leaves out of its answer, and puts them into their parts. */
async function fetchLongBodies(
  client: GmailClient,
  answers: readonly (gmail_v1.Schema$Message | MailError)[],
  call: Call,
): Promise<void> {
  const missing = answers.flatMap((answer) => {
    if (isMailError(answer) || !answer.payload || !answer.id) return [];
    const id = encodeURIComponent(answer.id);
    return bodyParts(answer.payload).flatMap(({ body }) =>
      body?.attachmentId && !body.data
        ? [{ body, path: `/gmail/v1/users/me/messages/${id}/attachments/${body.attachmentId}` }]
        : [],
    );
  });
  if (missing.length === 0) return;
  const parts = missing.map(({ path }) => ({ method: 'GET' as const, path: `${path}?fields=data` }));
  const bodies = await runBatch(client, 'messages.attachments.get', parts, call);
  missing.forEach(({ body }, index) => {
    const answer = bodies[index];
    // An error is better than a message that looks empty.
    if (isMailError(answer)) throw answer;
    body.data = (answer as gmail_v1.Schema$MessagePartBody).data ?? '';
  });
}

/** The parts of a batch that reads these ids with the same parameters. */
export function getParts(kind: 'messages' | 'threads', ids: readonly string[], params: object): BatchPart[] {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) for (const one of [value].flat()) query.append(name, String(one));
  const search = query.toString();
  return ids.map((id) => ({ method: 'GET', path: `/gmail/v1/users/me/${kind}/${encodeURIComponent(id)}?${search}` }));
}

async function settled<T>(promise: Promise<T>): Promise<T | MailError> {
  try {
    return await promise;
  } catch (error) {
    if (isMailError(error)) return error;
    throw error;
  }
}

/** The error of one id. Gmail answers 400 for an id that it cannot parse, which is NOT_FOUND for the client. */
export function readError(error: MailError, what: 'message' | 'thread'): MailError {
  if (error.code !== 'NOT_FOUND' && !hasStatus(error, 400)) return error;
  return new MailError('NOT_FOUND', `There is no such ${what}.`, { cause: error });
}
