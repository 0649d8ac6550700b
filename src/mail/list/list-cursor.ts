import { hash } from 'node:crypto';
import { z } from 'zod';
import { badInput } from '../../domain/error.ts';
import { SealError, type Sealer } from '../../platform/seal.ts';
import type { ListPlace } from './place.ts';
import { packedPlace, packPlace } from './place-codec.ts';

/** A list and who reads it: a cursor opens for these alone. */
export interface ListIdentity {
  readonly userId: string;
  /** Everything that decides what is in the list, in a fixed order; not its page size. */
  readonly query: readonly unknown[];
}

const PURPOSE = 'cursor';
const places = z.record(z.string(), packedPlace);

/** Makes and opens the cursors of lists: sealed, because a provider's own cursor is inside. */
export class ListCursors {
  constructor(private readonly sealer: Sealer) {}

  /** The cursor that stands for these places, by integration id. */
  seal(list: ListIdentity, byIntegration: ReadonlyMap<string, ListPlace>): string {
    const packed = Object.fromEntries([...byIntegration].map(([id, place]) => [id, packPlace(place)]));
    return this.sealer.sealText(PURPOSE, associated(list), JSON.stringify(packed));
  }

  /** Throws BAD_USER_INPUT for a cursor of another list, of another user, or made up. */
  open(list: ListIdentity, cursor: string): ReadonlyMap<string, ListPlace> {
    try {
      return new Map(Object.entries(places.parse(JSON.parse(this.sealer.openText(PURPOSE, associated(list), cursor)))));
    } catch (error) {
      if (!(error instanceof SealError || error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
      throw badInput(
        'after is not a cursor of this list. Pass a cursor back unchanged, to the same field with the same filter, search and integrations.',
      );
    }
  }
}

const associated = ({ userId, query }: ListIdentity): string =>
  `${userId} ${hash('sha256', JSON.stringify(query), 'base64url')}`;
