import type { z } from 'zod';
import { SealError, type Sealer } from './seal.ts';

/** Values that leave the process as sealed text and come back, such as links. There is one instance for each purpose. */
export class SealedJson<Shape extends z.ZodType> {
  constructor(
    protected readonly sealer: Sealer,
    /** Text that was sealed for one purpose does not open for another. */
    protected readonly purpose: string,
    private readonly shape: Shape,
  ) {}

  /** The text opens only with the same `associated`, for example the user or the list that it belongs to. */
  seal(associated: string, value: z.input<Shape>): string {
    return this.sealer.sealText(this.purpose, associated, JSON.stringify(value));
  }

  /** Returns null for a text that was not sealed here for this purpose: with another key, `associated` or shape. */
  open(associated: string, sealed: string): z.output<Shape> | null {
    const text = nullOnSealError(() => this.sealer.openText(this.purpose, associated, sealed));
    // An older release may have sealed another shape.
    const parsed = text === null ? null : this.shape.safeParse(parseJson(text));
    return parsed?.success ? parsed.data : null;
  }
}

/**
 * Cursors: the same value gives the same text, on every instance with the same keys, so that clients and caches can compare
 * cursors or use them as keys. The members of `value` must always be in the same order. Opens the cursors of earlier releases
 * too, which were never the same twice.
 */
export class SealedCursor<Shape extends z.ZodType> extends SealedJson<Shape> {
  override seal(associated: string, value: z.input<Shape>): string {
    return this.sealer.sealTextDeterministically(this.purpose, associated, JSON.stringify(value));
  }
}

/** Values that are stored in the database as sealed bytes. There is one instance for each purpose. */
export class SealedJsonBytes<Shape extends z.ZodType> {
  constructor(
    private readonly sealer: Sealer,
    private readonly purpose: string,
    private readonly shape: Shape,
  ) {}

  /** The bytes open only with the same `associated`, for example the id of their row. */
  seal(associated: string, value: z.input<Shape>): Uint8Array<ArrayBuffer> {
    return this.sealer.seal(this.purpose, associated, Buffer.from(JSON.stringify(value)));
  }

  /** Throws SealError for bytes that do not open, and ZodError for a value of another shape. */
  open(associated: string, sealed: Uint8Array): z.output<Shape> {
    const text = Buffer.from(this.sealer.open(this.purpose, associated, sealed)).toString();
    return this.shape.parse(JSON.parse(text));
  }

  /** Like `open`, but returns null for bytes that do not open, for example because their key was removed. */
  openOrNull(associated: string, sealed: Uint8Array): z.output<Shape> | null {
    return nullOnSealError(() => this.open(associated, sealed));
  }
}

function nullOnSealError<T>(open: () => T): T | null {
  try {
    return open();
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
