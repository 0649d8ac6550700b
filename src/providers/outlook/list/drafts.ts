import type { Call } from '../../contract/call.ts';
import type { Page, PageRequest } from '../../contract/list.ts';
import type { Draft } from '../../contract/mail-session.ts';
import { toDraft } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { readPage } from './messages.ts';

export async function listDrafts(account: GraphAccount, page: PageRequest, call: Call): Promise<Page<Draft>> {
  const { messages, next, spent } = await readPage(account, { mailboxId: 'drafts', where: null }, page, call);
  return { items: messages.map(toDraft), next, spent };
}
