import type { Attachment as GraphAttachment, Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { shownFiles } from '../../shared/html/inline-files.ts';
import { contentTypeOf } from '../../shared/mime/mime-writer.ts';
import type { GraphAccount } from '../wire/account.ts';
import { type BatchPart, batch, MAX_BATCH_SIZE } from '../wire/batch.ts';
import { cost } from '../wire/client.ts';
import { segment } from '../wire/ids.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';
import { asReplicaLagError, retryOnReplicaLag } from '../wire/replica-lag.ts';
import { path } from '../wire/url.ts';
import { cleanupCall } from './cleanup-call.ts';
import { FileBytes } from './file-bytes.ts';
import { uploadFile } from './upload.ts';

/**
 * Graph accepts requests of up to 4 MB, their JSON included. Measured to the byte, that is a file of 3,145,611 bytes
 * (msgraph-sdk-java PR 52). A longer file needs an upload session, which Graph refuses for files below 3 MB (below
 * 2,097,152 bytes, as measured there).
 */
const MAX_DIRECT_BYTES = 3_145_611;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface DraftFile {
  readonly id: string;
  readonly sizeBytes: number;
}

/** The $expand of a draft that `filesIn` needs. */
export const EXPAND_FILES = 'attachments($select=id,size)';

export const filesIn = ({ attachments }: GraphMessage): readonly DraftFile[] => (attachments ?? []).map(toDraftFile);

const toDraftFile = ({ id, size }: GraphAttachment): DraftFile => ({ id: id ?? '', sizeBytes: size ?? 0 });

export async function listFiles(account: GraphAccount, draftId: string, call: Call): Promise<readonly DraftFile[]> {
  return (await list(account, segment(draftId), call)).map(toDraftFile);
}

/**
 * Replaces the draft's files by those of `compose`. The new files are added first, so that a failure loses nothing. If
 * the draft has no room for both, the old files are removed first.
 */
export async function replaceAttachments(
  account: GraphAccount,
  draftId: string,
  existing: readonly DraftFile[],
  compose: Compose,
  roomBytes: number,
  call: Call,
): Promise<void> {
  const together = [...existing, ...compose.attachments].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const oldFirst = together > roomBytes;
  if (oldFirst) await removeAll(account, draftId, existing, call);
  await addAll(account, draftId, existing, compose, call);
  if (!oldFirst) await removeAll(account, draftId, existing, call);
}

/**
 * Files are added one after another, because Exchange refuses two concurrent changes to one draft and keeps the files
 * in the order in which they came.
 */
async function addAll(
  account: GraphAccount,
  draftId: string,
  existing: readonly DraftFile[],
  { attachments, html }: Compose,
  call: Call,
): Promise<void> {
  const known = new Set(existing.map(({ id }) => id));
  const added: string[] = [];
  const shown = shownFiles(html, attachments);
  try {
    for (const file of attachments) {
      const id = await add(account, draftId, file, shown.has(file), known, call);
      known.add(id);
      added.push(id);
    }
  } catch (error) {
    const cleaning = cleanupCall(call, 10_000);
    const leftovers = added.map((id) => ({ id, sizeBytes: 0 }));
    await removeAll(account, draftId, leftovers, cleaning).catch(() => {});
    throw error;
  }
}

async function add(
  account: GraphAccount,
  draftId: string,
  file: ComposeAttachment,
  isInline: boolean,
  known: ReadonlySet<string>,
  call: Call,
): Promise<string> {
  const attachment = {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: file.filename,
    contentType: contentTypeOf(file.mimeType),
    contentBytes: '',
    isInline,
    ...(file.contentId === null ? {} : { contentId: file.contentId }),
  };
  const bodyBytes = Buffer.byteLength(JSON.stringify(attachment)) + 4 * Math.ceil(file.sizeBytes / 3);
  if (file.sizeBytes > MAX_DIRECT_BYTES || bodyBytes > MAX_BODY_BYTES) {
    const id = await uploadFile(account, draftId, file, isInline, call);
    return id ?? (await newest(account, draftId, file, known, call));
  }
  attachment.contentBytes = Buffer.from(await new FileBytes(file, call.signal).all()).toString('base64');
  const request = {
    method: 'POST' as const,
    path: `/me/messages/${draftId}/attachments`,
    body: JSON.stringify(attachment),
    cost: cost('attachments.create', false),
  };
  const added = await retryOnReplicaLag(account, call, () =>
    asReplicaLagError(account.graph.json<GraphAttachment>(request, call)),
  );
  return added.id ?? '';
}

/**
 * Returns the id of the attachment that was not there before. Throws when there is none, because the upload has then
 * failed.
 */
async function newest(
  account: GraphAccount,
  draftId: string,
  { filename }: ComposeAttachment,
  known: ReadonlySet<string>,
  call: Call,
): Promise<string> {
  const all = await list(account, draftId, call);
  const found = all.find(({ id, name }) => name === filename && !known.has(id ?? ''))?.id;
  if (found) return found;
  throw new MailError('PROVIDER_UNAVAILABLE', `Outlook did not accept ${filename}. Try again.`, {
    field: ['attachments'],
  });
}

async function list(account: GraphAccount, draftId: string, call: Call): Promise<readonly GraphAttachment[]> {
  const at = path(`/me/messages/${draftId}/attachments`, { $select: 'id,name,size' });
  const operation = 'attachments.list';
  const request = { method: 'GET' as const, path: at, cost: cost(operation) };
  const first = await account.graph.json<Collection<GraphAttachment>>(request, call);
  return readToEnd(account, first, { kind: 'attachments', operation }, call);
}

async function removeAll(
  account: GraphAccount,
  draftId: string,
  existing: readonly DraftFile[],
  call: Call,
): Promise<void> {
  for (let at = 0; at < existing.length; at += MAX_BATCH_SIZE) {
    const chain = existing.slice(at, at + MAX_BATCH_SIZE).map(
      ({ id }): BatchPart => ({
        method: 'DELETE',
        path: `/me/messages/${draftId}/attachments/${segment(id)}`,
        removes: true,
      }),
    );
    const [outcome] = await batch<unknown>(account.graph, 'attachments.delete', [chain], call);
    if (isMailError(outcome)) throw outcome;
  }
}
