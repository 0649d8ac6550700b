import { z } from 'zod';
import { MailError } from '../domain/error.ts';
import type { Sealer } from '../platform/secrets/seal.ts';
import { SealedJson } from '../platform/secrets/sealed-json.ts';

/** Positions in change logs, by integration. */
const ChangePositions = z.codec(z.record(z.string(), z.string().regex(/^\d{1,19}$/)), z.map(z.string(), z.bigint()), {
  decode: (plain) => new Map(Object.entries(plain).map(([id, sequence]) => [id, BigInt(sequence)])),
  encode: (positions) => Object.fromEntries([...positions].map(([id, sequence]) => [id, String(sequence)])),
});
const Time = z.codec(z.number(), z.date(), { decode: (ms) => new Date(ms), encode: (time) => time.getTime() });

/** The position of an event as a cursor that a client may keep, bound to its user. */
class EventCursors<Shape extends z.ZodType> {
  private readonly sealed: SealedJson<Shape>;

  constructor(
    sealer: Sealer,
    purpose: string,
    private readonly shape: Shape,
  ) {
    this.sealed = new SealedJson(sealer, purpose, shape);
  }

  seal(userId: string, position: z.output<Shape>): string {
    return this.sealed.seal(userId, z.encode(this.shape, position));
  }

  /** Throws BAD_USER_INPUT for anything that was not issued to this user. */
  open(userId: string, cursor: string): z.output<Shape> {
    const position = this.sealed.open(userId, cursor);
    if (position === null)
      throw new MailError('BAD_USER_INPUT', 'after is not a cursor that this subscription gave to you.');
    return position;
  }
}

export class ChangeCursors extends EventCursors<typeof ChangePositions> {
  constructor(sealer: Sealer) {
    super(sealer, 'event-cursor', ChangePositions);
  }
}

export class SubmissionCursors extends EventCursors<typeof Time> {
  constructor(sealer: Sealer) {
    super(sealer, 'submission-event-cursor', Time);
  }
}
