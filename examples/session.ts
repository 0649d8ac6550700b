/** Signs in as the sandbox's demo user and renews the access token. All three examples use it. */

export const POSTERN_URL = 'http://127.0.0.1:4000';
const DEMO_USER = { email: 'demo@postern.test', password: 'postern-demo' };

const SIGN_IN = `mutation ($input: SignInInput!) {
  payload: signIn(input: $input) { session { accessToken expiresIn refreshToken } userErrors { message } }
}`;
const REFRESH = `mutation ($input: RefreshSessionInput!) {
  payload: refreshSession(input: $input) { session { accessToken expiresIn refreshToken } userErrors { message } }
}`;

interface Session {
  readonly accessToken: string;
  /** The lifetime of the access token in seconds, from when it was issued. */
  readonly expiresIn: number;
  readonly refreshToken: string;
}
/** When to refresh it: after nine tenths of its lifetime, by the clock of this machine, which need not be right. */
type Known = Session & { readonly refreshAt: number };
interface Answer {
  readonly data?: { readonly payload: { session: Session | null; userErrors: readonly { message: string }[] } } | null;
  readonly errors?: readonly { message: string }[];
}

/**
 * Returns a function that returns an access token with at least a tenth of its lifetime left. Calls of it wait for each other, because
 * a refresh token can be used only once: a second use ends the session.
 */
export function signIn(url: string, user = DEMO_USER): () => Promise<string> {
  let last: Promise<Known | null> = Promise.resolve(null);
  const next = (known: Known | null) => {
    if (!known) return ask(url, SIGN_IN, user);
    return Date.now() < known.refreshAt ? known : ask(url, REFRESH, { refreshToken: known.refreshToken });
  };
  return async () => {
    const current = last.catch(() => null).then(next);
    last = current;
    return (await current).accessToken;
  };
}

async function ask(url: string, query: string, input: object): Promise<Known> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = (await response.json()) as Answer;
  const session = data?.payload.session;
  if (session) return { ...session, refreshAt: Date.now() + session.expiresIn * 900 };
  throw new Error(errors?.[0]?.message ?? data?.payload.userErrors[0]?.message ?? `HTTP ${response.status}`);
}
