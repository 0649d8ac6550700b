import { isMailError, type MailError, noSuchMessage } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import { deleteRefusal } from '../../shared/access.ts';
import { isMissing } from '../compose/drafts.ts';
import { getParts } from '../read/messages.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';

/** Above this number, one batchDelete (50 units) with the reads before it (5 each) is cheaper than single deletions (10 each). */
const MAX_SINGLE_DELETES = 10;
const MAX_BATCH_SIZE = 1000;

/**
 * Deletes messages permanently. Gmail's batchDelete ignores messages that do not exist and returns nothing, so this checks first
 * which messages exist. Those are deleted afterwards, whichever client deleted them.
 */
export async function deleteForever(client: GmailClient, ids: readonly string[], call: Call): Promise<Batch<true>> {
  const refusal = deleteRefusal(client.options.access);
  if (refusal) return ids.map(() => refusal);
  const unique = [...new Set(ids)];
  const results =
    unique.length > MAX_SINGLE_DELETES
      ? await deleteMany(client, unique, call)
      : await deleteEach(client, unique, call);
  return ids.map((id) => results.get(id) ?? noSuchMessage());
}

async function deleteEach(client: GmailClient, ids: readonly string[], call: Call) {
  const parts = ids.map((id) => ({
    method: 'DELETE' as const,
    path: `/gmail/v1/users/me/messages/${encodeURIComponent(id)}`,
  }));
  return resultsOf(ids, await runBatch(client, 'messages.delete', parts, call));
}

async function deleteMany(client: GmailClient, ids: readonly string[], call: Call) {
  const parts = getParts('messages', ids, { format: 'minimal', fields: 'id' });
  const results = resultsOf(ids, await runBatch(client, 'messages.get', parts, call));
  const existing = ids.filter((id) => results.get(id) === true);
  for (let start = 0; start < existing.length; start += MAX_BATCH_SIZE) {
    const some = existing.slice(start, start + MAX_BATCH_SIZE);
    try {
      await client.request('messages.batchDelete', call, (users, options) =>
        users.messages.batchDelete({ userId: 'me', requestBody: { ids: some } }, options),
      );
    } catch (error) {
      if (!isMailError(error)) throw error;
      for (const id of some) results.set(id, error);
    }
  }
  return results;
}

const resultsOf = (ids: readonly string[], answers: Batch<unknown>): Map<string, true | MailError> =>
  new Map(
    ids.map((id, index): [string, true | MailError] => {
      const answer = answers[index];
      if (!isMailError(answer)) return [id, true];
      return [id, isMissing(answer) ? noSuchMessage() : answer];
    }),
  );
