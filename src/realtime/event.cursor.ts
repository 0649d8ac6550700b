import { z } from 'zod';
import { MailError } from '../domain/error.ts';
import { SealError, type Sealer } from '../platform/seal.ts';
import type { Places } from './change.stream.ts';

const PURPOSE = 'event-cursor';
const Sealed = z.record(z.string(), z.string().regex(/^\d{1,19}$/));

/** Places in change logs as a cursor that a client may keep, bound to its user. */
export class EventCursors {
  constructor(private readonly sealer: Sealer) {}

  seal(userId: string, places: Places): string {
    const plain = Object.fromEntries([...places].map(([integrationId, sequence]) => [integrationId, String(sequence)]));
    return this.sealer.sealText(PURPOSE, userId, JSON.stringify(plain));
  }

  /** Throws BAD_USER_INPUT for anything that was not given out to this user. */
  open(userId: string, cursor: string): Places {
    try {
      const plain = Sealed.parse(JSON.parse(this.sealer.openText(PURPOSE, userId, cursor)));
      return new Map(Object.entries(plain).map(([integrationId, sequence]) => [integrationId, BigInt(sequence)]));
    } catch (error) {
      if (!(error instanceof SealError || error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
      throw new MailError('BAD_USER_INPUT', 'after is not a cursor that this subscription gave to you.');
    }
  }
}
