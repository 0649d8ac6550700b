import { z } from 'zod';
import { MailError } from '../domain/error.ts';
import type { Sealer } from '../platform/secrets/seal.ts';
import { SealedJson } from '../platform/secrets/sealed-json.ts';
import type { Places } from './change.stream.ts';

const SequenceOfEach = z.record(z.string(), z.string().regex(/^\d{1,19}$/));

/** Positions in change logs as a cursor that a client may keep, bound to its user. */
export class EventCursors {
  private readonly sealed: SealedJson<typeof SequenceOfEach>;

  constructor(sealer: Sealer) {
    this.sealed = new SealedJson(sealer, 'event-cursor', SequenceOfEach);
  }

  seal(userId: string, places: Places): string {
    const plain = [...places].map(([integrationId, sequence]) => [integrationId, String(sequence)]);
    return this.sealed.seal(userId, Object.fromEntries(plain));
  }

  /** Throws BAD_USER_INPUT for anything that was not issued to this user. */
  open(userId: string, cursor: string): Places {
    const plain = this.sealed.open(userId, cursor);
    if (!plain) throw new MailError('BAD_USER_INPUT', 'after is not a cursor that this subscription gave to you.');
    return new Map(Object.entries(plain).map(([integrationId, sequence]) => [integrationId, BigInt(sequence)]));
  }
}
