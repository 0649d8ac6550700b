import { z } from 'zod';
import type { Refreshed } from '../providers/connect.ts';

/** What the vault keeps of an account: the provider's secret, and the access token so that every instance can use it. */
export interface Credential {
  readonly secret: unknown;
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** From here on a new one is fetched, although this one still serves. */
  readonly refreshAt: Date;
}

const EARLY_MS = 5 * 60_000;
/** Too close to its end to begin a request with. */
const LAST_MOMENT_MS = 30_000;

/** Five minutes before the end, or the last quarter of a token that lives less than twenty. */
export function credentialOf(refreshed: Refreshed<unknown>, now: Date): Credential {
  const { secret, accessToken, expiresAt } = refreshed;
  const early = Math.min(EARLY_MS, (expiresAt.getTime() - now.getTime()) / 4);
  return { secret, accessToken, expiresAt, refreshAt: new Date(expiresAt.getTime() - early) };
}

const Stored = z.object({
  secret: z.unknown(),
  accessToken: z.string(),
  expiresAt: z.coerce.date(),
  refreshAt: z.coerce.date(),
});

/** What comes out of the vault. */
export const parseCredential = (stored: unknown): Credential => {
  const { secret, ...rest } = Stored.parse(stored);
  return { secret, ...rest };
};

/** Needs no refresh. */
export const isFresh = (credential: Credential, rejected: string | undefined, now: Date): boolean =>
  credential.accessToken !== rejected && now < credential.refreshAt;

/** Would do if a refresh cannot be had. */
export const isUsable = (credential: Credential, rejected: string | undefined, now: Date): boolean =>
  credential.accessToken !== rejected && now.getTime() < credential.expiresAt.getTime() - LAST_MOMENT_MS;
