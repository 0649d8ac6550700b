import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { MailError } from '../../domain/error.ts';
import { isId } from './ids.ts';

/** Where the change tracking of one collection stands. Without a token it has not begun. */
const Track = z.object({
  /** Graph's token for the next round. */
  delta: z.string().min(1).optional(),
  /** Graph's token for the next page of this round. */
  page: z.string().min(1).optional(),
  /** What the first round lists was there before, and is no change, but for what was made after it began. */
  quiet: z.boolean().optional(),
  /** Messages in the folder, when last told. */
  count: z.number().int().nonnegative().optional(),
});
const State = z.object({
  version: z.literal(1),
  tree: Track,
  folders: z.record(z.string().refine(isId), Track),
  /** Seconds. A message made since then is new, unless its hash is among the known ones. */
  horizon: z.number(),
  /** Seconds; when the round under way began. */
  began: z.number(),
  /** Hashes of messages made since the horizon that we have seen, with the second they were made in. */
  known: z.record(z.string(), z.number()),
});

export type Track = z.infer<typeof Track>;
/** What a cursor of changes holds. It stays in our database, and may be large. */
export type SyncState = z.infer<typeof State>;

export const newState = (): SyncState => ({ version: 1, tree: {}, folders: {}, horizon: 0, began: 0, known: {} });

const MAX_BYTES = 64 * 1024 * 1024;

export const writeState = (state: SyncState): string => deflateRawSync(JSON.stringify(state)).toString('base64url');

/** CURSOR_EXPIRED for what cannot be read: the way out is the same. */
export function readState(cursor: string): SyncState {
  try {
    const text = inflateRawSync(Buffer.from(cursor, 'base64url'), { maxOutputLength: MAX_BYTES }).toString();
    return State.parse(JSON.parse(text));
  } catch (cause) {
    throw new MailError(
      'CURSOR_EXPIRED',
      'The place in this account’s history cannot be read. Read again from the top.',
      { cause },
    );
  }
}
