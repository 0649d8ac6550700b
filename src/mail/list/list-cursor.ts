import { hash } from 'node:crypto';
import { z } from 'zod';
import { badUserInput } from '../../graphql/bad-user-input.ts';
import { SealError, type Sealer } from '../../platform/seal.ts';
import { MARK_LENGTH, type Place } from './place.ts';

/** A list and who reads it: a cursor opens for these alone. */
export interface ListIdentity {
  readonly userId: string;
  /** Everything that decides what is in the list, in a fixed order; not its page size. */
  readonly query: readonly unknown[];
}

const PURPOSE = 'cursor';
const marks = z.string().transform((text) => text.match(new RegExp(`.{${MARK_LENGTH}}`, 'g')) ?? []);
const time = z.number().nullable();
const places = z.record(
  z.string(),
  z.tuple([z.string().nullable(), time, marks, time, marks, time, z.boolean()]).transform(
    ([after, before, done, last, lastSecond, newest, finished]): Place => ({
      after,
      before,
      done: new Set<string>(done),
      last,
      lastSecond,
      newest,
      finished,
    }),
  ),
);

/** Makes and opens the cursors of lists: sealed, because a provider's own cursor is inside. */
export class ListCursors {
  constructor(private readonly sealer: Sealer) {}

  /** The cursor that stands for these places, by integration id. */
  seal(list: ListIdentity, byIntegration: ReadonlyMap<string, Place>): string {
    const packed: Record<string, unknown> = {};
    for (const [id, p] of byIntegration) {
      packed[id] = [p.after, p.before, [...p.done].join(''), p.last, p.lastSecond.join(''), p.newest, p.finished];
    }
    return this.sealer.sealText(PURPOSE, associated(list), JSON.stringify(packed));
  }

  /** Throws BAD_USER_INPUT for a cursor of another list, of another user, or made up. */
  open(list: ListIdentity, cursor: string): ReadonlyMap<string, Place> {
    try {
      return new Map(Object.entries(places.parse(JSON.parse(this.sealer.openText(PURPOSE, associated(list), cursor)))));
    } catch (error) {
      if (!(error instanceof SealError || error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
      throw badUserInput(
        'after is not a cursor of this list. Pass a cursor back unchanged, to the same field with the same filter, search and integrations.',
      );
    }
  }
}

const associated = ({ userId, query }: ListIdentity): string =>
  `${userId} ${hash('sha256', JSON.stringify(query), 'base64url')}`;
