import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ComposeAttachment } from '../../domain/compose.ts';
import { MailError, storeErrorIn } from '../../domain/error.ts';
import { encodeId, singleId } from '../../domain/global-id.ts';
import { retryUntilStoreIsBack } from '../../platform/database/store/store.retry.ts';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedJsonBytes } from '../../platform/secrets/sealed-json.ts';
import { cleanFilename } from '../compose/filename.ts';
import { fileKind } from './file-kind.ts';
import type { UploadRecord, UploadStore } from './upload.store.ts';

/** A file in the body of an upload request. */
export interface IncomingFile {
  /** The name that the client gave, which can be malicious or missing. */
  readonly filename: string | undefined;
  /** The type that the client claims. */
  readonly mimeType: string | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface StoredUpload {
  /** A global id. */
  readonly upload: string;
  readonly filename: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly expiresAt: Date;
}

interface UploadsOptions {
  readonly store: UploadStore;
  readonly sealer: Sealer;
  /** The maximum size of a file, in bytes. */
  readonly maxBytes: number;
  readonly now?: () => Date;
}

const LIFETIME_MS = 24 * 3_600_000;
/** Milliseconds after which an incomplete upload expires, for example one of a process that crashed. */
const UPLOAD_TIMEOUT_MS = 3_600_000;
/** The limits for one user: unused files, in multiples of the maximum file size, and uploads in progress. */
const MAX_UNUSED_FILES = 10;
const MAX_CONCURRENT_UPLOADS = 8;
const PURPOSE = 'upload';
const Details = z.object({ filename: z.string(), mimeType: z.string(), sizeBytes: z.number(), chunks: z.number() });
type Details = z.infer<typeof Details>;

/** Uploaded files for messages. They are sealed in the database, so that any instance can send the message. */
export class Uploads {
  private readonly now: () => Date;
  private readonly details: SealedJsonBytes<typeof Details>;

  constructor(private readonly options: UploadsOptions) {
    this.details = new SealedJsonBytes(options.sealer, PURPOSE, Details);
    this.now = options.now ?? (() => new Date());
  }

  get maxBytes(): number {
    return this.options.maxBytes;
  }

  /**
   * Stores a file while it is being received, with one chunk in memory. Throws UploadTooLarge as soon as it exceeds the
   * maximum size, RATE_LIMITED when the user has too many uploads, and the errors of `bytes`. After an error nothing of the
   * file is kept.
   */
  async store(userId: string, { filename, mimeType: claimed, bytes }: IncomingFile): Promise<StoredUpload> {
    const { store, sealer, maxBytes } = this.options;
    await this.checkHeld(userId);
    const id = randomUUID();
    try {
      await store.begin(id, userId, this.in(UPLOAD_TIMEOUT_MS));
      let mimeType: string | null = null;
      let sizeBytes = 0;
      let chunks = 0;
      for await (const chunk of chunksOf(limited(bytes, maxBytes))) {
        mimeType ??= await fileKind(chunk, claimed);
        await store.append(id, chunks, sealer.seal(PURPOSE, `${id}/${chunks}`, chunk));
        sizeBytes += chunk.length;
        chunks++;
      }
      mimeType ??= await fileKind(new Uint8Array(), claimed);
      const details: Details = { filename: cleanFilename(baseName(filename ?? '')), mimeType, sizeBytes, chunks };
      const expiresAt = this.in(LIFETIME_MS);
      const sealed = this.details.seal(`${id}/${userId}`, details);
      await store.complete(id, sealed, sizeBytes, expiresAt);
      const { filename: name } = details;
      return { upload: encodeId('Upload', id), filename: name, mimeType, sizeBytes, expiresAt };
    } catch (error) {
      await this.clearAway(id);
      throw error;
    }
  }

  /**
   * Deletes the rest of a failed upload. When the database is unavailable this continues in the background, because the
   * rest would otherwise count as an upload in progress until it expires.
   */
  private async clearAway(id: string): Promise<void> {
    const { store } = this.options;
    await store.delete(id).catch((error: unknown) => {
      if (!storeErrorIn(error)) throw error;
      retryUntilStoreIsBack(() => store.delete(id), AbortSignal.timeout(UPLOAD_TIMEOUT_MS)).catch(() => {});
    });
  }

  /**
   * The upload with a global id, as an attachment. Throws NOT_FOUND for one that belongs to another user, was not
   * completed, or has expired, and BAD_USER_INPUT for an invalid id.
   */
  async attachment(userId: string, uploadId: string): Promise<ComposeAttachment> {
    const id = singleId(uploadId, 'Upload');
    const record = await this.options.store.find(userId, id, this.now());
    const details = record && this.detailsOf(record);
    if (!details) throw new MailError('NOT_FOUND', UPLOAD_NOT_FOUND);
    const { filename, mimeType, sizeBytes, chunks } = details;
    const open = async (signal: AbortSignal) => this.read(id, chunks, signal);
    return { filename, mimeType, sizeBytes, contentId: null, open };
  }

  /** Deletes an upload that was not used yet. */
  async discard({ upload }: StoredUpload): Promise<void> {
    await this.options.store.delete(singleId(upload, 'Upload'));
  }

  private async checkHeld(userId: string): Promise<void> {
    const { store, maxBytes } = this.options;
    const { bytes, inProgress } = await store.held(userId, this.now());
    if (inProgress >= MAX_CONCURRENT_UPLOADS)
      throw new MailError('RATE_LIMITED', `${inProgress} of your uploads are in progress. Wait until one is done.`);
    const maxHeld = MAX_UNUSED_FILES * maxBytes;
    if (bytes >= maxHeld)
      throw new MailError(
        'RATE_LIMITED',
        `Your uploads have ${bytes} bytes; at most ${maxHeld} are allowed. Uploads expire after a day.`,
      );
  }

  private detailsOf({ id, userId, details }: UploadRecord): Details | null {
    // Null also when the key that sealed them was removed.
    return details && this.details.openOrNull(`${id}/${userId}`, details);
  }

  /** Reads one chunk at a time, as the consumer requests it. */
  private read(id: string, chunks: number, signal: AbortSignal): ReadableStream<Uint8Array> {
    const { store, sealer } = this.options;
    let index = 0;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          signal.throwIfAborted();
          if (index === chunks) return controller.close();
          const sealed = await store.chunk(id, index);
          if (!sealed) throw new MailError('NOT_FOUND', UPLOAD_NOT_FOUND);
          controller.enqueue(sealer.open(PURPOSE, `${id}/${index}`, sealed));
          index++;
        },
      },
      { highWaterMark: 1 },
    );
  }

  private in(ms: number): Date {
    return new Date(this.now().getTime() + ms);
  }
}

const UPLOAD_NOT_FOUND = 'There is no such upload: it was not completed, or has expired. Upload the file again.';

/** The file exceeds the maximum size. */
export class UploadTooLarge extends Error {
  override readonly name = 'UploadTooLarge';
}

async function* limited(bytes: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array, void, void> {
  let sum = 0;
  for await (const piece of bytes) {
    sum += piece.length;
    if (sum > maxBytes) throw new UploadTooLarge(`${sum} bytes, of ${maxBytes}`);
    yield piece;
  }
}

/** The name without the path that some browsers, and attackers, put in front of it. */
const baseName = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);

/** The bytes in one row: few enough to hold in memory, and enough that a file needs few rows. */
export const CHUNK_BYTES = 256 * 1024;

/** Splits the bytes into chunks of one length; the last one may be shorter. An empty source gives no chunk. */
export async function* chunksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    let rest = piece;
    while (length + rest.length >= CHUNK_BYTES) {
      const head = rest.subarray(0, CHUNK_BYTES - length);
      yield Buffer.concat([...pending, head]);
      rest = rest.subarray(head.length);
      pending = [];
      length = 0;
    }
    if (rest.length > 0) {
      pending.push(rest);
      length += rest.length;
    }
  }
  if (length > 0) yield Buffer.concat(pending);
}
