import { GoogleError, invalidArgument, uploadTooLarge } from '../errors.ts';
import type { WireAnswer } from './reply.ts';

/** Every piece except the last must be a multiple of this, as Google documents. */
const GRAIN = 256 * 1024;

/** A resumable upload: the JSON that began it, the pieces so far, and the final answer. */
export class UploadSession {
  /** The answer of the method once the upload was complete. A repeated request receives it again. */
  answer: WireAnswer | null = null;
  #pieces: Buffer[] = [];
  #received = 0;

  constructor(
    readonly account: string,
    readonly json: Buffer,
    private readonly most: number,
  ) {}

  /** Adds one piece, or none for "bytes * / total". Returns the message when it is complete, and null before. */
  take(piece: Buffer, contentRange: string | undefined): Buffer | null {
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(
      contentRange ?? `bytes */${this.#received + piece.length}`,
    );
    if (!range) throw invalidArgument(`Failed to parse Content-Range header: ${contentRange}`);
    const [, first, last, size = '*'] = range;
    const total = size === '*' ? Number.POSITIVE_INFINITY : Number(size);
    if (first !== undefined) this.#check(piece, Number(first), Number(last), total);
    if (total !== Number.POSITIVE_INFINITY && total > this.most) throw uploadTooLarge();
    if (piece.length > 0) this.#pieces.push(piece);
    this.#received += piece.length;
    if (this.#received > this.most) throw uploadTooLarge();
    if (this.#received < total || total === 0) return null;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return whole;
  }

  /** Answers 308: the client continues after the last byte of this range. */
  get goOn(): { status: number; headers: Record<string, string> } {
    return { status: 308, headers: this.#received === 0 ? {} : { range: `bytes=0-${this.#received - 1}` } };
  }

  #check(piece: Buffer, first: number, last: number, total: number): void {
    if (last - first + 1 !== piece.length)
      throw invalidArgument('Content-Range does not match the length of the body.');
    if (first !== this.#received)
      throw new GoogleError(503, 'UNAVAILABLE', 'backendError', 'The piece does not begin where the last one ended.');
    if (last + 1 < total && piece.length % GRAIN !== 0)
      throw invalidArgument(`Invalid request. The number of bytes uploaded is required to be a multiple of ${GRAIN}.`);
  }
}
