/** An access token and how to get the next: what the page knows of who is signed in. It is kept in memory only. */
export interface PageSession {
  readonly email: string;
  /** The sandbox's control API; null outside the sandbox. */
  readonly controlUrl: string | null;
  /** A token that is good for a while yet: renewed when near its end. */
  accessToken(): Promise<string>;
}

interface Tokens {
  readonly accessToken: string;
  /** Seconds from now: a clock that is wrong is no reason to send a token that has ended. */
  readonly expiresIn: number;
}

/** The sandbox signs the page in by itself. Throws an Error whose message can be shown. */
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

/** Throws an Error whose message can be shown. */
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

/** One renewal at a time: a refresh token that is used twice ends its session. */
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

/** By this browser's own clock, and a tenth of its life before its end. */
const nearEnd = ({ expiresIn }: Tokens): number => Date.now() + expiresIn * 900;
