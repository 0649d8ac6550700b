import type { ComposeAttachment } from '../../../domain/compose.ts';
import { MailError } from '../../../domain/error.ts';

/**
 * Reads a file piece by piece, with one piece in memory. Throws INVALID before the last byte is returned when the file
 * does not have its declared length.
 */
export class FileBytes {
  private reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  /** Bytes that were read ahead and belong to the next piece. */
  private rest: Uint8Array = new Uint8Array(0);
  private piece: Uint8Array = new Uint8Array(0);
  private start = 0;

  constructor(
    private readonly file: ComposeAttachment,
    private readonly signal: AbortSignal,
  ) {}

  /** Returns up to `length` bytes from `offset` on. Going back is possible, but reads the file again from its start. */
  async at(offset: number, length: number): Promise<Uint8Array> {
    if (offset < this.start) await this.close();
    while (offset >= this.start + this.piece.length) {
      const next = this.start + this.piece.length;
      const stop = next < offset ? Math.min(offset, next + length) : next + length;
      this.piece = await this.read(Math.min(stop, this.file.sizeBytes) - next, stop >= this.file.sizeBytes);
      this.start = next;
    }
    return this.piece.subarray(offset - this.start, offset - this.start + length);
  }

  async all(): Promise<Uint8Array> {
    const { sizeBytes } = this.file;
    try {
      return sizeBytes === 0 ? await this.read(0, true) : await this.at(0, sizeBytes);
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    const { reader } = this;
    this.reader = null;
    this.rest = this.piece = new Uint8Array(0);
    this.start = 0;
    await reader?.cancel().catch(() => {});
  }

  private async read(length: number, isLast: boolean): Promise<Uint8Array> {
    this.reader ??= (await this.file.open(this.signal)).getReader();
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length || (isLast && this.rest.length === 0)) {
      if (this.rest.length === 0) {
        this.signal.throwIfAborted();
        const { done, value } = await this.reader.read();
        if (done) break;
        this.rest = value;
      }
      const chunk = this.rest.subarray(0, length - filled);
      bytes.set(chunk, filled);
      filled += chunk.length;
      this.rest = this.rest.subarray(chunk.length);
      if (filled === length && this.rest.length > 0) break;
    }
    if (filled < length || (isLast && this.rest.length > 0)) throw sizeMismatch(this.file);
    return bytes;
  }
}

const sizeMismatch = ({ filename, sizeBytes }: ComposeAttachment): MailError =>
  new MailError('INVALID', `${filename} does not have its declared size of ${sizeBytes} bytes. Upload it again.`, {
    field: ['attachments'],
  });
