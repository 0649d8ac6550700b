import { approveConsent } from './consent.ts';
import { SandboxError } from './error.ts';
import { isLoopbackUrl } from './loopback.ts';
import { DEMO_ACCOUNTS } from './twins.ts';

export const DEMO_USER = { email: 'demo@postern.test', password: 'postern-demo' } as const;
const ACCOUNTS = DEMO_ACCOUNTS.map(({ provider, demo, password }) => ({ provider, address: demo.address, password }));

/**
 * Creates the demo user and connects its accounts as a person in a browser would: by GraphQL, the consent page, the callback
 * and the code that it shows. Accounts that are connected and work are left alone, so every start calls it.
 */
export async function connectDemo({ gatewayUrl }: { gatewayUrl: string }): Promise<{ accessToken: string }> {
  const accessToken = await signInOrRegister(gatewayUrl);
  const call = <T>(query: string, variables: object) => graphql<T>(gatewayUrl, accessToken, query, variables);
  const before = await integrationsOf(call);
  for (const account of ACCOUNTS) {
    if (isReady(before, account)) continue;
    const authorizationUrl = await beginConnect(call, account);
    if (authorizationUrl === null) continue;
    // No program may consent at a real vendor.
    if (!isLoopbackUrl(authorizationUrl)) {
      throw new SandboxError(`${account.address} was not connected: ${new URL(authorizationUrl).origin} is no sandbox`);
    }
    await finishConnect(call, account.address, await approveConsent(authorizationUrl, account.address));
  }
  const after = await integrationsOf(call);
  for (const account of ACCOUNTS) {
    if (isReady(after, account)) continue;
    const problem = after.find(({ address }) => address === account.address)?.problem?.message;
    throw new SandboxError(`${account.address} could not be connected: ${problem ?? 'it left no integration'}`);
  }
  return { accessToken };
}

interface Integration {
  readonly address: string;
  readonly status: string;
  readonly access: string;
  readonly provider: { readonly id: string; readonly accesses: readonly string[] };
  readonly problem: { readonly message: string } | null;
  /** Null when the account cannot be read because the sandbox's own record of the grant was deleted. */
  readonly mailboxes: { readonly nodes: readonly unknown[] } | null;
}
type Call = <T>(query: string, variables: object) => Promise<T>;
type Account = (typeof ACCOUNTS)[number];

const INTEGRATIONS = `query DemoIntegrations {
  viewer { integrations { address status access provider { id accesses } problem { message } mailboxes(first: 1) { nodes { id } } } }
}`;
const PROVIDERS = 'query DemoProviders { providers { id accesses } }';
const CONNECT = `mutation DemoConnect($input: ConnectInput!) {
  connect(input: $input) { authorizationUrl userErrors { message } }
}`;
const FINISH = `mutation DemoFinishConnect($input: FinishConnectInput!) {
  finishConnect(input: $input) { integration { id } userErrors { message } }
}`;

async function integrationsOf(call: Call): Promise<readonly Integration[]> {
  const { viewer } = await call<{ viewer: { integrations: readonly Integration[] } }>(INTEGRATIONS, {});
  return viewer.integrations;
}

function isReady(integrations: readonly Integration[], { provider, address }: Account): boolean {
  return integrations.some(
    (one) =>
      one.provider.id === provider &&
      one.address.toLowerCase() === address &&
      one.status === 'CONNECTED' &&
      one.access === one.provider.accesses.at(-1) &&
      one.mailboxes !== null,
  );
}

/** Returns the URL of the consent page. Null: a password has connected the account. */
async function beginConnect(call: Call, { provider, address, password }: Account): Promise<string | null> {
  const { providers } = await call<{ providers: readonly { id: string; accesses: readonly string[] }[] }>(
    PROVIDERS,
    {},
  );
  const access = providers.find(({ id }) => id === provider)?.accesses.at(-1);
  const input = { provider, address, access, ...(password === null ? {} : { method: 'PASSWORD', password }) };
  const { connect } = await call<{ connect: { authorizationUrl: string | null; userErrors: { message: string }[] } }>(
    CONNECT,
    { input },
  );
  const [refusal] = connect.userErrors;
  if (refusal) throw new SandboxError(`${address} could not be connected: ${refusal.message}`);
  return connect.authorizationUrl;
}

async function finishConnect(call: Call, address: string, token: string): Promise<void> {
  const { finishConnect: finished } = await call<{ finishConnect: { userErrors: { message: string }[] } }>(FINISH, {
    input: { token },
  });
  const [refusal] = finished.userErrors;
  if (refusal) throw new SandboxError(`${address} could not be connected: ${refusal.message}`);
}

interface SessionPayload {
  readonly session: { readonly accessToken: string } | null;
  readonly userErrors: readonly { readonly message: string }[];
}

/** Signs the demo user in, and registers it when it does not exist yet. */
async function signInOrRegister(gatewayUrl: string): Promise<string> {
  const say = async (verb: 'signIn' | 'register'): Promise<SessionPayload> => {
    const inputType = verb === 'signIn' ? 'SignInInput' : 'RegisterInput';
    const query = `mutation Demo($input: ${inputType}!) {
      payload: ${verb}(input: $input) { session { accessToken } userErrors { message } }
    }`;
    try {
      return (await graphql<{ payload: SessionPayload }>(gatewayUrl, null, query, { input: DEMO_USER })).payload;
    } catch (error) {
      return { session: null, userErrors: [{ message: (error as Error).message }] };
    }
  };
  const known = await say('signIn');
  if (known.session) return known.session.accessToken;
  const made = await say('register');
  if (made.session) return made.session.accessToken;
  throw new SandboxError(
    `${DEMO_USER.email} could neither sign in (${known.userErrors[0]?.message}) nor register (${made.userErrors[0]?.message})`,
  );
}

/** Throws an error with the first message unless the answer has data. */
async function graphql<T>(
  gatewayUrl: string,
  accessToken: string | null,
  query: string,
  variables: object,
): Promise<T> {
  const response = await fetch(`${gatewayUrl}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(accessToken === null ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data?: T | null; errors?: { message: string }[] };
  if (answer.data === undefined || answer.data === null) {
    throw new SandboxError(answer.errors?.[0]?.message ?? `the gateway answered ${response.status}`);
  }
  return answer.data;
}
