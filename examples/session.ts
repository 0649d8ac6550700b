/** Signs in as the sandbox's demo user, and keeps the access token fresh: what the three examples share. */

export const POSTERN_URL = 'http://127.0.0.1:4000';
const DEMO_USER = { email: 'demo@postern.test', password: 'postern-demo' };

const SIGN_IN = `mutation ($input: SignInInput!) {
  payload: signIn(input: $input) { session { accessToken expiresAt refreshToken } userErrors { message } }
}`;
const REFRESH = `mutation ($input: RefreshSessionInput!) {
  payload: refreshSession(input: $input) { session { accessToken expiresAt refreshToken } userErrors { message } }
}`;

interface Session {
  readonly accessToken: string;
  readonly expiresAt: string;
  readonly refreshToken: string;
}
interface Answer {
  readonly data?: { readonly payload: { session: Session | null; userErrors: readonly { message: string }[] } } | null;
  readonly errors?: readonly { message: string }[];
}

/**
 * A function that returns an access token with a minute or more to live. Its calls queue up behind each other: a refresh
 * token serves once, and used twice it ends the session.
 */
export function signIn(url: string, user = DEMO_USER): () => Promise<string> {
  let last: Promise<Session | null> = Promise.resolve(null);
  const next = (known: Session | null) => {
    if (!known) return ask(url, SIGN_IN, user);
    const isFresh = Date.parse(known.expiresAt) - Date.now() > 60_000;
    return isFresh ? known : ask(url, REFRESH, { refreshToken: known.refreshToken });
  };
  return async () => {
    const current = last.catch(() => null).then(next);
    last = current;
    return (await current).accessToken;
  };
}

async function ask(url: string, query: string, input: object): Promise<Session> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = (await response.json()) as Answer;
  if (data?.payload.session) return data.payload.session;
  throw new Error(errors?.[0]?.message ?? data?.payload.userErrors[0]?.message ?? `HTTP ${response.status}`);
}
