import type { UploadSession } from '@microsoft/microsoft-graph-types';
import type { ComposeAttachment } from '../../../domain/compose.ts';
import { isNotFound, isProviderAway } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { contentTypeOf } from '../../shared/mime/mime-writer.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost, jsonOf } from '../wire/client.ts';
import { unreachable } from '../wire/errors.ts';
import { asReplicaLagError, ReplicaLagError, retryOnReplicaLag } from '../wire/replica-lag.ts';
import { cleanupCall } from './cleanup-call.ts';
import { FileBytes } from './file-bytes.ts';

/** A multiple of 320 KiB below 4 MB, which Graph requires for every piece but the last. */
const PIECE_BYTES = 12 * 320 * 1024;
/** Number of failed pieces after which the upload is given up. */
const MAX_FAILURES = 4;

/** The range of bytes that was sent last, and the size of the whole file. */
interface SentRange {
  readonly first: number;
  readonly end: number;
  readonly total: number;
}

/** The position at which an upload continues. */
interface Progress {
  readonly next: number;
  /** The attachment's id, once the upload is complete and if Graph returned it. */
  readonly attachmentId: string | null;
}

/**
 * Uploads a large file to a draft, one piece in memory at a time. After a lost answer, Exchange reports where to
 * continue. A session that a replica does not know is replaced by a new one. Returns the attachment's id, or null when
 * only the list of attachments shows it.
 */
export const uploadFile = (
  account: GraphAccount,
  draftId: string,
  file: ComposeAttachment,
  isInline: boolean,
  call: Call,
): Promise<string | null> => retryOnReplicaLag(account, call, () => uploadOnce(account, draftId, file, isInline, call));

async function uploadOnce(
  account: GraphAccount,
  draftId: string,
  file: ComposeAttachment,
  isInline: boolean,
  call: Call,
): Promise<string | null> {
  const url = await asReplicaLagError(createSession(account, draftId, file, isInline, call));
  const bytes = new FileBytes(file, call.signal);
  let at: Progress = { next: 0, attachmentId: null };
  try {
    for (let failures = 0; at.next < file.sizeBytes; ) {
      const piece = await bytes.at(at.next, PIECE_BYTES);
      const sent = { first: at.next, end: at.next + piece.length, total: file.sizeBytes };
      try {
        at = await asReplicaLagError(putPiece(account, url, piece, sent, call));
      } catch (error) {
        const mayPass = isProviderAway(error) && !(error instanceof ReplicaLagError);
        if (call.signal.aborted || !mayPass || ++failures > MAX_FAILURES) throw error;
        at = await asReplicaLagError(resume(account, url, sent, call));
      }
    }
    return at.attachmentId;
  } catch (error) {
    await cancel(account, url, call);
    throw error;
  } finally {
    await bytes.close();
  }
}

async function createSession(
  account: GraphAccount,
  draftId: string,
  file: ComposeAttachment,
  isInline: boolean,
  call: Call,
): Promise<string> {
  const AttachmentItem = {
    attachmentType: 'file',
    name: file.filename,
    size: file.sizeBytes,
    contentType: contentTypeOf(file.mimeType),
    isInline,
    ...(file.contentId === null ? {} : { contentId: file.contentId }),
  };
  const { uploadUrl } = await account.graph.json<UploadSession>(
    {
      method: 'POST',
      path: `/me/messages/${draftId}/attachments/createUploadSession`,
      body: JSON.stringify({ AttachmentItem }),
      // An unused session expires by itself, so this request may be repeated.
      cost: cost('attachments.createUploadSession'),
    },
    call,
  );
  return uploadUrl ?? '';
}

function putPiece(
  account: GraphAccount,
  url: string,
  piece: Uint8Array,
  sent: SentRange,
  call: Call,
): Promise<Progress> {
  const { first, end, total } = sent;
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Content-Range': `bytes ${first}-${end - 1}/${total}`,
  };
  const request = { method: 'PUT' as const, url, headers, body: piece, cost: cost('attachments.upload', false) };
  return account.graph.upload(request, call, async (response, signal) => {
    if (response.status !== 201) {
      const next = nextOf(await jsonOf(response, signal), sent);
      // Graph took nothing of the piece, and would be sent it without end.
      if (next <= first) throw unreachable('the upload session does not move');
      return { next, attachmentId: null };
    }
    await response.body?.cancel();
    return { next: total, attachmentId: attachmentIdIn(response.headers.get('location')) };
  });
}

/** Asks the session where to continue. A session that no longer exists after the last piece has completed the file. */
async function resume(account: GraphAccount, url: string, sent: SentRange, call: Call): Promise<Progress> {
  const request = { method: 'GET' as const, url, cost: cost('attachments.uploadState') };
  try {
    const state = await account.graph.upload(request, call, jsonOf);
    return { next: nextOf(state, sent), attachmentId: null };
  } catch (error) {
    if (sent.end === sent.total && isNotFound(error)) return { next: sent.total, attachmentId: null };
    throw error;
  }
}

async function cancel(account: GraphAccount, url: string, failed: Call): Promise<void> {
  const call = cleanupCall(failed, 5_000);
  const request = { method: 'DELETE' as const, url, cost: cost('attachments.cancelUpload', false) };
  await account.graph.upload(request, call, async (response) => response.body?.cancel()).catch(() => {});
}

/**
 * Returns the offset of the first missing byte. Graph and the upload host spell the property differently, and "5-" and
 * "5" mean the same. An offset beyond what was sent is refused, because the file would have a hole.
 */
function nextOf(state: unknown, { end, total }: SentRange): number {
  const { nextExpectedRanges, NextExpectedRanges } = (state ?? {}) as Record<string, unknown>;
  const ranges = nextExpectedRanges ?? NextExpectedRanges;
  if (!Array.isArray(ranges)) throw unreachable('the upload session does not say where it is');
  const next = ranges.length === 0 ? total : Number.parseInt(String(ranges[0]), 10);
  if (!Number.isSafeInteger(next) || next < 0 || next > end) throw unreachable('the upload session is nowhere');
  return next;
}

const attachmentIdIn = (location: string | null): string | null =>
  /\/Attachments\('([\w=-]+)'\)/i.exec(location ?? '')?.[1] ?? null;
