import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { ENVELOPE_FIELDS } from './fields.ts';
import { toThread } from './map.ts';
import { ENVELOPE, getParts, readError } from './messages.ts';
import { headersAsWritten } from './raw-header.ts';

export async function getThreads(client: GmailClient, ids: readonly string[], call: Call): Promise<Batch<Thread>> {
  const answers = await runBatch(client, 'threads.get', getParts('threads', ids, THREAD), call);
  const messages = answers.flatMap((answer) =>
    isMailError(answer) ? [] : ((answer as gmail_v1.Schema$Thread).messages ?? []),
  );
  const written = await headersAsWritten(client, messages, call);
  return answers.map((answer) => {
    if (isMailError(answer)) return readError(answer, 'thread');
    return (
      toThread(answer as gmail_v1.Schema$Thread, written) ?? new MailError('NOT_FOUND', 'There is no such thread.')
    );
  });
}
const THREAD = { ...ENVELOPE, fields: `id,messages(${ENVELOPE_FIELDS})` };
