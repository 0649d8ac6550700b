import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import { deleteRefusal } from '../../shared/access.ts';
import { getLiving, noSuchMessage } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { batch, type Chain } from '../wire/batch.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';

/**
 * Moves messages into the purges folder, which no mail program and no person can reach. Graph offers this outside the
 * national clouds only. A message that was deleted before is left alone and reported as NOT_FOUND.
 */
export async function deleteForever(account: GraphAccount, ids: readonly string[], call: Call): Promise<Batch<true>> {
  const refusal = deleteRefusal(account.access);
  if (refusal) return ids.map(() => refusal);
  const known = [...new Set(ids)].filter(isId);
  const paths = known.map((id) => path(`/me/messages/${segment(id)}`, { $select: 'id,parentFolderId' }));
  const found = known.length === 0 ? [] : await getLiving(account, paths, { operation: 'messages.get' }, call);
  const living = known.filter((_, n) => !isMailError(found[n]));
  const chains = living.map(
    (id): Chain => [{ method: 'POST', path: `/me/messages/${segment(id)}/permanentDelete`, removes: true }],
  );
  const outcomes = await batch<unknown>(account.graph, 'messages.permanentDelete', chains, call);
  const byId = new Map<string, unknown>([
    ...known.map((id, n) => [id, found[n]] as const),
    ...living.map((id, n) => [id, outcomes[n]] as const),
  ]);
  return ids.map((id) => {
    const outcome = byId.has(id) ? byId.get(id) : noSuchMessage();
    if (!isMailError(outcome)) return true;
    return outcome.code === 'NOT_FOUND' ? noSuchMessage() : outcome;
  });
}
