import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import type { Sent } from '../provider.ts';
import { demandWrite } from './access.ts';
import type { Account } from './account.ts';
import { cost } from './client.ts';
import { isId, segment } from './ids.ts';
import { getEntities } from './read.ts';
import { literal, path } from './url.ts';

/** Exchange moves the draft to Sent Items, where its immutable id goes on. Never tried twice. */
export async function send(account: Account, draftId: string, call: Call): Promise<Sent> {
  demandWrite(account.access);
  const at = `/me/messages/${segment(draftId)}/send`;
  await account.graph.done({ method: 'POST', path: at, cost: cost('messages.send', false) }, call);
  return { messageId: draftId };
}

/** The message itself tells whether it is still a draft. Where it is gone, a sent copy is proof; finding none proves nothing. */
export async function probe(
  account: Account,
  draftId: string,
  internetMessageId: string,
  call: Call,
): Promise<'sent' | 'not-sent' | 'unknown'> {
  const paths = [isId(draftId) ? path(`/me/messages/${segment(draftId)}`, { $select: 'id,isDraft' }) : null];
  const [draft] = await getEntities<GraphMessage>(account, paths, { operation: 'messages.get' }, call);
  if (draft && !isMailError(draft)) return draft.isDraft ? 'not-sent' : 'sent';
  if (draft && draft.code !== 'NOT_FOUND') throw draft;
  const found = await account.graph.json<{ value?: readonly GraphMessage[] }>(
    {
      method: 'GET',
      path: path('/me/messages', {
        $filter: `internetMessageId eq ${literal(`<${internetMessageId}>`)}`,
        $select: 'id,isDraft',
      }),
      cost: cost('messages.list'),
    },
    call,
  );
  return found.value?.some((m) => m.isDraft === false) ? 'sent' : 'unknown';
}
