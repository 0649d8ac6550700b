import { z } from 'zod';
import { MailError } from '../../domain/error.ts';
import type { ConnectMethod, Refreshed } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';

/** What the vault keeps of an account: the provider's secret, and the access token so that every instance can use it. */
export interface Credential {
  /** How the account was connected, a ConnectMethod.method; null where the secret is older than providers with several. */
  readonly method: string | null;
  readonly secret: unknown;
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** From here on a new one is fetched, although this one still serves. */
  readonly refreshAt: Date;
}

const MAX_REFRESH_LEAD_MS = 5 * 60_000;
/** Too close to its end to begin a request with. */
const MIN_REMAINING_LIFETIME_MS = 30_000;

/** A password may be a token too, with whatever can be typed. */
const TOKEN = /^\P{Cc}+$/u;
const Answered = z.object({ accessToken: z.string().regex(TOKEN), expiresAt: z.date() });

/** Throws PROVIDER_UNAVAILABLE for a token answer without a token and its end: sealed, it would be what the account has. */
export function checkAnswered(refreshed: Refreshed<unknown>): void {
  if (Answered.safeParse(refreshed).success) return;
  throw new MailError('PROVIDER_UNAVAILABLE', 'What the provider answered holds no access token. Try again.');
}

/** Five minutes before the end, or the last quarter of a token that lives less than twenty. Throws as `checkAnswered`. */
export function credentialOf(refreshed: Refreshed<unknown>, method: string | null, now: Date): Credential {
  checkAnswered(refreshed);
  const { secret, accessToken, expiresAt } = refreshed;
  const early = Math.min(MAX_REFRESH_LEAD_MS, (expiresAt.getTime() - now.getTime()) / 4);
  return { method, secret, accessToken, expiresAt, refreshAt: new Date(expiresAt.getTime() - early) };
}

/** Neither fresh nor usable. */
const NO_TOKEN = { accessToken: '', expiresAt: new Date(0), refreshAt: new Date(0) };
const Kept = z
  .object({ accessToken: z.string().regex(TOKEN), expiresAt: z.coerce.date(), refreshAt: z.coerce.date() })
  .catch(NO_TOKEN);
const Stored = z.object({ method: z.string().nullable().default(null), secret: z.unknown() });

/** What comes out of the vault. A token that cannot be read is none: the secret beside it fetches another. */
export function parseCredential(stored: unknown): Credential {
  const { method, secret } = Stored.parse(stored);
  return { method, secret, ...Kept.parse(stored) };
}

/** What renews and ends the grant; undefined where the provider no longer connects accounts in that way. */
export const methodOf = ({ connectMethods }: Provider, { method }: Credential): ConnectMethod | undefined =>
  method === null ? connectMethods[0] : connectMethods.find((one) => one.method === method);

/** Needs no refresh. */
export const isFresh = (credential: Credential, rejected: string | undefined, now: Date): boolean =>
  credential.accessToken !== rejected && now < credential.refreshAt;

/** Would do if a refresh cannot be had. */
export const isUsable = (credential: Credential, rejected: string | undefined, now: Date): boolean =>
  credential.accessToken !== rejected && now.getTime() < credential.expiresAt.getTime() - MIN_REMAINING_LIFETIME_MS;
