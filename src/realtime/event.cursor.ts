import { z } from 'zod';
import type { LogPosition } from '../changes/log-position.ts';
import { badInput } from '../domain/error.ts';
import type { Sealer } from '../platform/secrets/seal.ts';
import { SealedCursor } from '../platform/secrets/sealed-json.ts';

const Digits = z.string().regex(/^\d{1,19}$/);

/** A position in the change logs of a user. */
export interface FeedPosition {
  /**
   * Whether it was made for all accounts of the user. An account that it does not have was then connected later; otherwise
   * nothing is known of it.
   */
  readonly all: boolean;
  /** By integration. Null: what the reader knows of the account is unknown, until it has received a Reset for it. */
  readonly positions: ReadonlyMap<string, LogPosition | null>;
}

/** Sorted, so that equal positions have equal texts. */
const Feed = z.codec(
  z.object({
    all: z.boolean(),
    at: z.array(z.union([z.tuple([z.uuid(), Digits, z.int().nullable()]), z.tuple([z.uuid()])])),
  }),
  z.custom<FeedPosition>(),
  {
    decode: ({ all, at }) => ({
      all,
      positions: new Map(
        at.map(([id, sequence, time]) => [
          id,
          sequence === undefined ? null : { sequence: BigInt(sequence), at: time ?? null },
        ]),
      ),
    }),
    encode: ({ all, positions }) => ({
      all,
      at: [...positions.keys()].sort().map((id): [string] | [string, string, number | null] => {
        const position = positions.get(id);
        return position ? [id, String(position.sequence), position.at] : [id];
      }),
    }),
  },
);
const Time = z.codec(z.number(), z.date(), { decode: (ms) => new Date(ms), encode: (time) => time.getTime() });

/** The position of an event as a cursor that a client may keep, bound to its user. */
class EventCursors<Shape extends z.ZodType> {
  private readonly sealed: SealedCursor<Shape>;

  constructor(
    sealer: Sealer,
    purpose: string,
    private readonly shape: Shape,
  ) {
    this.sealed = new SealedCursor(sealer, purpose, shape);
  }

  seal(userId: string, position: z.output<Shape>): string {
    return this.sealed.seal(userId, z.encode(this.shape, position));
  }

  /** Throws BAD_USER_INPUT for anything that was not issued to this user. */
  open(userId: string, cursor: string): z.output<Shape> {
    const position = this.sealed.open(userId, cursor);
    if (position === null)
      throw badInput(
        'after (or Last-Event-ID) is not a cursor of these events that you received. Pass a cursor back unchanged.',
      );
    return position;
  }
}

export class ChangeCursors extends EventCursors<typeof Feed> {
  constructor(sealer: Sealer) {
    super(sealer, 'feed-cursor', Feed);
  }
}

export class SubmissionCursors extends EventCursors<typeof Time> {
  constructor(sealer: Sealer) {
    super(sealer, 'submission-event-cursor', Time);
  }
}
