import type { z } from 'zod';
import { SealError, type Sealer } from './seal.ts';

/** Values that leave the process as sealed text and come back: cursors and links. One for each purpose. */
export class SealedJson<Shape extends z.ZodType> {
  constructor(
    private readonly sealer: Sealer,
    /** Keeps what was sealed for one thing from opening as another. */
    private readonly purpose: string,
    private readonly shape: Shape,
  ) {}

  /** Opens only with the same `associated`: the user, say, or the list that it belongs to. */
  seal(associated: string, value: z.input<Shape>): string {
    return this.sealer.sealText(this.purpose, associated, JSON.stringify(value));
  }

  /** Null for what was not sealed here for this, whatever is wrong with it: another key, user, list or shape. */
  open(associated: string, sealed: string): z.output<Shape> | null {
    let text: string;
    try {
      text = this.sealer.openText(this.purpose, associated, sealed);
    } catch (error) {
      if (error instanceof SealError) return null;
      throw error;
    }
    // An older release may have sealed another shape.
    const parsed = this.shape.safeParse(parseJson(text));
    return parsed.success ? parsed.data : null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
