import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import { deleteRefusal } from '../../shared/access.ts';
import { isMissing } from '../compose/drafts.ts';
import { getParts } from '../read/messages.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';

/** Where one batchDelete (50 units) and the reads before it (5 each) get cheaper than deleting one by one (10 each). */
const MAX_SINGLE_DELETES = 10;
const MAX_BATCH_SIZE = 1000;

/**
 * Gmail's batchDelete answers nothing and passes over what is not there, so each message is looked at before it: what was
 * there is gone afterwards, whichever client deleted it.
 */
export async function deleteForever(client: GmailClient, ids: readonly string[], call: Call): Promise<Batch<true>> {
  const refusal = deleteRefusal(client.account.access);
  if (refusal) return ids.map(() => refusal);
  const wanted = [...new Set(ids)];
  const outcome =
    wanted.length > MAX_SINGLE_DELETES
      ? await deleteMany(client, wanted, call)
      : await deleteEach(client, wanted, call);
  return ids.map((id) => outcome.get(id) ?? noMessage());
}

async function deleteEach(client: GmailClient, ids: readonly string[], call: Call) {
  const parts = ids.map((id) => ({
    method: 'DELETE' as const,
    path: `/gmail/v1/users/me/messages/${encodeURIComponent(id)}`,
  }));
  return outcomes(ids, await runBatch(client, 'messages.delete', parts, call));
}

async function deleteMany(client: GmailClient, ids: readonly string[], call: Call) {
  const parts = getParts('messages', ids, { format: 'minimal', fields: 'id' });
  const outcome = outcomes(ids, await runBatch(client, 'messages.get', parts, call));
  const there = ids.filter((id) => outcome.get(id) === true);
  for (let start = 0; start < there.length; start += MAX_BATCH_SIZE) {
    const some = there.slice(start, start + MAX_BATCH_SIZE);
    try {
      await client.request('messages.batchDelete', call, (users, options) =>
        users.messages.batchDelete({ userId: 'me', requestBody: { ids: some } }, options),
      );
    } catch (error) {
      if (!isMailError(error)) throw error;
      for (const id of some) outcome.set(id, error);
    }
  }
  return outcome;
}

const outcomes = (ids: readonly string[], answers: Batch<unknown>): Map<string, true | MailError> =>
  new Map(
    ids.map((id, index): [string, true | MailError] => {
      const answer = answers[index];
      if (!isMailError(answer)) return [id, true];
      return [id, isMissing(answer) ? noMessage() : answer];
    }),
  );

const noMessage = (): MailError => new MailError('NOT_FOUND', 'There is no such message.');
