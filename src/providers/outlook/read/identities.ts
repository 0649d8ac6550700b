import type { User } from '@microsoft/microsoft-graph-types';
import type { Call } from '../../contract/call.ts';
import type { Identity } from '../../contract/mail-session.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { path } from '../wire/url.ts';

export const ME = path('/me', { $select: 'displayName,mail,userPrincipalName' });

/** Graph lists no aliases to send from, so the only identity is the account itself. */
export async function identities(account: GraphAccount, call: Call): Promise<readonly Identity[]> {
  const me = await account.graph.json<User>({ method: 'GET', path: ME, cost: cost('me.get') }, call);
  return [{ address: account.address, name: me.displayName ?? null, isDefault: true }];
}
