import { z } from 'zod';

/** A successful answer of a token endpoint (RFC 6749 5.1). */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** Null when the answer has none and the present refresh token stays in use. */
  readonly refreshToken: string | null;
  /** Null when the answer has none, which means that the requested scopes were granted. */
  readonly scope: string | null;
}

/** Lifetime of a token whose answer leaves it out, as RFC 6749 5.1 allows, in milliseconds. */
const DEFAULT_LIFETIME_MS = 5 * 60_000;
/** The longest lifetime that is accepted, because a mistake must not keep a token in use for years. */
const MAX_LIFETIME_SECONDS = 7 * 24 * 60 * 60;
/** The characters that RFC 6750 allows in a bearer token and that a header can carry. */
const BEARER = /^[\x21-\x7e]+$/;
/** The characters of a refresh token (RFC 6749 A.17). */
const PRINTABLE = /^[\x20-\x7e]+$/;

const text = z.string().nullish();
/** Some vendors send the number as a string. */
const seconds = z
  .union([z.number(), z.string().regex(/^\d{1,12}(?:\.\d+)?$/)])
  .transform(Number)
  .pipe(z.number().positive());
const Answer = z.looseObject({
  access_token: z.string().regex(BEARER),
  token_type: text.refine((type) => !type || type.toLowerCase() === 'bearer'),
  expires_in: seconds.nullish(),
  refresh_token: text.refine((token) => !token || PRINTABLE.test(token)),
  scope: text,
});

/**
 * Returns null for an answer without a usable token or with a field of a wrong type. Otherwise the rest of such an
 * answer would be sealed in place of a secret that works.
 */
export function readTokenAnswer(body: unknown, now = Date.now()): TokenAnswer | null {
  const { success, data } = Answer.safeParse(body);
  if (!success) return null;
  const lifeMs =
    data.expires_in == null ? DEFAULT_LIFETIME_MS : Math.min(data.expires_in, MAX_LIFETIME_SECONDS) * 1_000;
  return {
    accessToken: data.access_token,
    expiresAt: new Date(now + lifeMs),
    refreshToken: data.refresh_token || null,
    scope: data.scope || null,
  };
}
