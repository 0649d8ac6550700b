import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { MailError } from '../../../domain/error.ts';
import { isId } from '../wire/ids.ts';

const token = z.string().min(1);
/** Where the change tracking of one collection stands. Without a token it has not begun. */
const Track = z.object({
  /** Graph's token for the next round. */
  delta: token.optional(),
  /** Graph's token for the next page of this round. */
  page: token.optional(),
  /** What the last page told, by hash, and how many before it in a row told the same: where it goes on without end. */
  told: z.object({ hash: z.string(), times: z.number().int().nonnegative() }).optional(),
  /** The sweep under way has not read it to its end. */
  due: z.boolean().optional(),
  /** What the first round lists was there before, and is no change, but for what was made after it began. */
  quiet: z.boolean().optional(),
  /** Seconds. Since when what was made in it is new, where it was left out of the last sweep. */
  horizon: z.number().optional(),
  /** Tokens of an older $select, which are read to their end after the first round of the present one. */
  replaced: z.object({ delta: token, page: token.optional() }).optional(),
  /** Messages in the folder, when last told. */
  count: z.number().int().nonnegative().optional(),
});
const State = z.object({
  version: z.literal(2),
  tree: Track,
  folders: z.record(z.string().refine(isId), Track),
  /** A sweep, which reads the tree and every folder, is under way. */
  sweeping: z.boolean(),
  /** Seconds. A message made since then is new, unless its hash is among the known ones. */
  horizon: z.number(),
  /** Seconds; when the last sweep began. */
  began: z.number(),
  /** Hashes of messages made since the horizon that we have seen, with the second they were made in. */
  known: z.record(z.string(), z.number()),
  /** Where the messages lie, by hash, that notifications named since the last sweep; '' for nowhere. */
  found: z.record(z.string(), z.string()),
});

/** Its tokens began with a $select without isRead. */
const StateV1 = z.object({
  version: z.literal(1),
  tree: Track,
  folders: z.record(z.string().refine(isId), Track),
  horizon: z.number(),
  began: z.number(),
  known: z.record(z.string(), z.number()),
});

export type Track = z.infer<typeof Track>;
/** What a cursor of changes holds. It stays in our database, and may be large. */
export type SyncState = z.infer<typeof State>;

export const newState = (): SyncState => ({
  version: 2,
  tree: {},
  folders: {},
  sweeping: false,
  horizon: 0,
  began: 0,
  known: {},
  found: {},
});

const MAX_BYTES = 64 * 1024 * 1024;

export const writeState = (state: SyncState): string => deflateRawSync(JSON.stringify(state)).toString('base64url');

/** CURSOR_EXPIRED for what cannot be read: the way out is the same. */
export function readState(cursor: string): SyncState {
  try {
    const text = inflateRawSync(Buffer.from(cursor, 'base64url'), { maxOutputLength: MAX_BYTES }).toString();
    const state = z.discriminatedUnion('version', [State, StateV1]).parse(JSON.parse(text));
    return state.version === 1 ? upgraded(state) : state;
  } catch (cause) {
    throw new MailError(
      'CURSOR_EXPIRED',
      'The position in this account’s history is unreadable. Read the account again from the start.',
      { cause },
    );
  }
}

/**
 * A token keeps the $select that it began with, so every folder begins again. What happens until it has is told by its old
 * token, which is read last: some of it twice, nothing never.
 */
function upgraded({ tree, folders, horizon, began, known }: z.infer<typeof StateV1>): SyncState {
  const sweeping = [tree, ...Object.values(folders)].some(
    (track) => track.delta === undefined || track.page !== undefined,
  );
  const begunAgain = ({ delta, quiet, count }: Track): Track => ({
    due: sweeping,
    ...(delta !== undefined ? { replaced: { delta } } : quiet ? { quiet } : {}),
    ...(count === undefined ? {} : { count }),
  });
  return {
    version: 2,
    tree: { ...tree, due: sweeping },
    folders: Object.fromEntries(Object.entries(folders).map(([id, track]) => [id, begunAgain(track)])),
    sweeping,
    horizon,
    began,
    known,
    found: {},
  };
}
