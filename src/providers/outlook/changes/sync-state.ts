import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { MailError } from '../../../domain/error.ts';
import { isId } from '../wire/ids.ts';

const token = z.string().min(1);
/** A `Track` as a cursor contains it. */
const StoredTrack = z.object({
  /** Graph's token for the next round. */
  delta: token.optional(),
  /** Graph's token for the next page of this round. */
  page: token.optional(),
  /**
   * Named `lastPage` in a `Track`: a hash of the last page, and how many pages before it in a row were identical. This detects
   * paging loops.
   */
  told: z.object({ hash: z.string(), times: z.number().int().nonnegative() }).optional(),
  /** True while the current sweep or hint has not read this collection to its end. */
  due: z.boolean().optional(),
  /**
   * True during the first round: the messages it lists existed before and are not changes, unless they were created
   * after the round began.
   */
  quiet: z.boolean().optional(),
  /**
   * Seconds since 1970. Messages created since then are new. It is set when the folder was left out of the last sweep.
   */
  horizon: z.number().optional(),
  /** Tokens of an older $select. They are read to their end after the first round with the present one. */
  replaced: z.object({ delta: token, page: token.optional() }).optional(),
  /** Number of messages in the folder, as Graph last reported it. */
  count: z.number().int().nonnegative().optional(),
});
/** The position in one collection's delta. Without a token, tracking has not started. */
const Track = StoredTrack.transform(({ told, ...track }) => ({ ...track, ...(told && { lastPage: told }) }));
const State = z.object({
  version: z.literal(2),
  tree: Track,
  folders: z.record(z.string().refine(isId), Track),
  /** True while a sweep, which reads the tree and every folder, is running. */
  sweeping: z.boolean(),
  /** Seconds since 1970. A message created since then is new unless its hash is in `known`. */
  horizon: z.number(),
  /** Seconds since 1970. The time when the last sweep began. */
  began: z.number(),
  /** The messages created since the horizon that we have seen: their hashes, each with the second of its creation. */
  known: z.record(z.string(), z.number()),
  /**
   * The folders of the messages that notifications named since the last sweep, by the messages' hashes. An empty string
   * means no visible folder.
   */
  found: z.record(z.string(), z.string()),
});

/** The state of earlier releases, whose tokens began with a $select without isRead. */
const StateV1 = z.object({
  version: z.literal(1),
  tree: Track,
  folders: z.record(z.string().refine(isId), Track),
  horizon: z.number(),
  began: z.number(),
  known: z.record(z.string(), z.number()),
});

export type Track = z.infer<typeof Track>;
/** The content of a change cursor. It stays in our database and may be large. */
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

export function writeState(state: SyncState): string {
  const folders = Object.fromEntries(Object.entries(state.folders).map(([id, track]) => [id, storedOf(track)]));
  const stored = { ...state, tree: storedOf(state.tree), folders } satisfies z.input<typeof State>;
  return deflateRawSync(JSON.stringify(stored)).toString('base64url');
}

const storedOf = ({ lastPage, ...track }: Track): z.input<typeof Track> => ({
  ...track,
  ...(lastPage && { told: lastPage }),
});

/** Throws CURSOR_EXPIRED for an unreadable cursor, because the caller must start again in either case. */
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
 * A token keeps the $select that it began with, so every folder's delta starts again. Changes made until the new first
 * round is complete come from the old token, which is read last. Some changes are reported twice, but none is missed.
 */
function upgraded({ tree, folders, horizon, began, known }: z.infer<typeof StateV1>): SyncState {
  const sweeping = [tree, ...Object.values(folders)].some(
    (track) => track.delta === undefined || track.page !== undefined,
  );
  const restarted = ({ delta, quiet, count }: Track): Track => ({
    due: sweeping,
    ...(delta !== undefined ? { replaced: { delta } } : quiet ? { quiet } : {}),
    ...(count === undefined ? {} : { count }),
  });
  return {
    version: 2,
    tree: { ...tree, due: sweeping },
    folders: Object.fromEntries(Object.entries(folders).map(([id, track]) => [id, restarted(track)])),
    sweeping,
    horizon,
    began,
    known,
    found: {},
  };
}
