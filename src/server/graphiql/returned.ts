import type { PageSession } from './session.ts';

/** The result that a connect flow, which began on this page, brings back in the query. */
export type Returned = { readonly token: string } | { readonly code: string };

/**
 * Reads the result and removes it from the address at once, so that neither a reload nor the history shows it again.
 * Null if no flow came back.
 */
export function takeReturned(): Returned | null {
  const query = new URLSearchParams(location.search);
  const [status, token] = [query.get('status'), query.get('token')];
  if (status === null) return null;
  history.replaceState(null, '', location.pathname);
  // Only a token is accepted, and no shorter code. Any link can bring a wrong code here, and five wrong codes end the
  // flows that wait for one.
  if (status === 'pending' && token && /^[\w-]{43}$/.test(token)) return { token };
  // Anyone can write a link to this page, so its texts are not shown.
  return { code: /^[A-Z_]{1,40}$/.exec(query.get('code') ?? '')?.[0] ?? 'FAILED' };
}

const FINISH = `mutation FinishConnect($input: FinishConnectInput!) {
  finishConnect(input: $input) { integration { address provider { name } } userErrors { message } }
}`;

interface Payload {
  readonly integration: { readonly address: string; readonly provider: { readonly name: string } } | null;
  readonly userErrors: readonly { readonly message: string }[];
}

/** Finishes the flow as the signed-in user. Returns the message for the user. */
export async function finishReturned(returned: Returned, session: PageSession): Promise<string> {
  if ('code' in returned) {
    return `The account was not connected (${returned.code}). The query ConnectFlows says why.`;
  }
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await session.accessToken()}` },
      body: JSON.stringify({ query: FINISH, variables: { input: { token: returned.token } } }),
    });
    const { data, errors } = (await response.json()) as {
      data?: { finishConnect: Payload } | null;
      errors?: readonly { message: string }[];
    };
    const connected = data?.finishConnect.integration;
    if (connected) return `${connected.address} (${connected.provider.name}) is connected.`;
    return errors?.[0]?.message ?? data?.finishConnect.userErrors[0]?.message ?? 'The account was not connected.';
  } catch {
    return 'The gateway did not answer. Connect the account again.';
  }
}
