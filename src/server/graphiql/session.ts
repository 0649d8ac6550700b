/** The session of the signed-in user: an access token, and a way to get the next one. It is kept in memory only. */
export interface PageSession {
  readonly email: string;
  /** The control API of the sandbox, or null outside the sandbox. */
  readonly controlUrl: string | null;
  /** Returns a token that is still valid for a while. It is renewed when it is near its end. */
  accessToken(): Promise<string>;
}

interface Tokens {
  readonly accessToken: string;
  /** The lifetime in seconds from now. Unlike a time of day it does not depend on a correct clock. */
  readonly expiresIn: number;
}

/** Gets the session from the sandbox, which signs the page in. Throws an Error whose message can be shown. */
export async function sandboxSession(): Promise<PageSession> {
  const read = async () => {
    const response = await fetch('/sandbox/session', { headers: { accept: 'application/json' }, cache: 'no-store' });
    if (!response.ok)
      throw new Error(`The sandbox did not sign this page in (${response.status}). Reload to try again.`);
    return (await response.json()) as Tokens & { email: string; controlUrl: string };
  };
  const first = await read();
  return { email: first.email, controlUrl: first.controlUrl, accessToken: renewing(first, read) };
}

const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { session { accessToken refreshToken expiresIn } userErrors { message } }
}`;
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { accessToken refreshToken expiresIn } userErrors { message } }
}`;

interface SessionPayload {
  readonly session: (Tokens & { readonly refreshToken: string }) | null;
  readonly userErrors: readonly { readonly message: string }[];
}

/** Signs a user in. Throws an Error whose message can be shown. */
export async function signIn(email: string, password: string): Promise<PageSession> {
  let current = await ask('signIn', SIGN_IN, { email, password });
  const renew = async () => {
    current = await ask('refreshSession', REFRESH, { refreshToken: current.refreshToken });
    return current;
  };
  return { email, controlUrl: null, accessToken: renewing(current, renew) };
}

async function ask(field: string, query: string, input: Record<string, string>) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = (await response.json()) as {
    data?: Record<string, SessionPayload | null> | null;
    errors?: readonly { message: string }[];
  };
  const payload = data?.[field];
  const fault = errors?.[0]?.message ?? payload?.userErrors[0]?.message;
  if (fault || !payload?.session) throw new Error(fault ?? 'Signing in failed. Try again.');
  return payload.session;
}

/** Renews the token, one renewal at a time: a refresh token that is used twice ends its session. */
function renewing(first: Tokens, renew: () => Promise<Tokens>): () => Promise<string> {
  let tokens = first;
  let renewAt = nearEnd(first);
  let renewal: Promise<Tokens> | null = null;
  return async () => {
    if (Date.now() < renewAt) return tokens.accessToken;
    renewal ??= renew().finally(() => {
      renewal = null;
    });
    tokens = await renewal;
    renewAt = nearEnd(tokens);
    return tokens.accessToken;
  };
}

/** Returns the time for the renewal by the clock of this browser: when a tenth of the lifetime is left. */
const nearEnd = ({ expiresIn }: Tokens): number => Date.now() + expiresIn * 900;
