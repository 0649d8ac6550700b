import { z } from 'zod';
import { MailError } from '../../domain/error.ts';
import type { ConnectMethod, Refreshed } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';

/** What the vault stores for an account: the provider's secret, and the access token, so that every instance can use it. */
export interface Credential {
  /** The ConnectMethod.method of the account. Null in secrets from before providers had several methods. */
  readonly method: string | null;
  readonly secret: unknown;
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** From this time on the token is refreshed, although it is still valid. */
  readonly refreshAt: Date;
}

const MAX_REFRESH_LEAD_MS = 5 * 60_000;
/** A token with less than this left is too old to start a request with. */
const MIN_REMAINING_LIFETIME_MS = 30_000;

/** A password can be the token as well, with every character that can be typed. */
const TOKEN = /^\P{Cc}+$/u;
const Answered = z.object({ accessToken: z.string().regex(TOKEN), expiresAt: z.date() });

/** Throws PROVIDER_UNAVAILABLE for a token response without a token or its expiry, so that it is never stored. */
export function checkAnswered(refreshed: Refreshed<unknown>): void {
  if (Answered.safeParse(refreshed).success) return;
  throw new MailError('PROVIDER_UNAVAILABLE', 'The answer of the provider contains no access token. Try again.');
}

/**
 * Makes the credential of a token response. It is refreshed five minutes before its end, or in the last quarter of a lifetime
 * below twenty minutes. Throws like `checkAnswered`.
 */
export function credentialOf(refreshed: Refreshed<unknown>, method: string | null, now: Date): Credential {
  checkAnswered(refreshed);
  const { secret, accessToken, expiresAt } = refreshed;
  const early = Math.min(MAX_REFRESH_LEAD_MS, (expiresAt.getTime() - now.getTime()) / 4);
  return { method, secret, accessToken, expiresAt, refreshAt: new Date(expiresAt.getTime() - early) };
}

/** A token that is neither fresh nor usable. */
const NO_TOKEN = { accessToken: '', expiresAt: new Date(0), refreshAt: new Date(0) };
const Kept = z
  .object({ accessToken: z.string().regex(TOKEN), expiresAt: z.coerce.date(), refreshAt: z.coerce.date() })
  .catch(NO_TOKEN);
const Stored = z.object({ method: z.string().nullable().default(null), secret: z.unknown() });

/** Reads what the vault has stored. A token that cannot be read is ignored, because the secret can get another one. */
export function parseCredential(stored: unknown): Credential {
  const { method, secret } = Stored.parse(stored);
  return { method, secret, ...Kept.parse(stored) };
}

/** The only method there was while secrets did not name theirs. */
const FIRST_METHOD = 'AUTHORIZATION_CODE';

/** Returns the method that renews and ends the grant, or undefined when the provider no longer offers it. */
export const methodOf = ({ connectMethods }: Provider, { method }: Credential): ConnectMethod | undefined =>
  connectMethods.find((one) => one.method === (method ?? FIRST_METHOD));

/** True when the token needs no refresh. */
export const isFresh = (credential: Credential, rejected: string | undefined, now: Date): boolean =>
  credential.accessToken !== rejected && now < credential.refreshAt;

/** True when the token can still be used if a refresh fails. */
export const isUsable = (credential: Credential, rejected: string | undefined, now: Date): boolean =>
  credential.accessToken !== rejected && now.getTime() < credential.expiresAt.getTime() - MIN_REMAINING_LIFETIME_MS;
