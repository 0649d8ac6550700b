import { z } from 'zod';

/** A successful answer of a token endpoint (RFC 6749 5.1). */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** Null where the answer has none: the one that there is goes on. */
  readonly refreshToken: string | null;
  /** Null where the answer has none: what was asked for was granted. */
  readonly scope: string | null;
}

/** How long a token serves whose answer leaves its end out, as RFC 6749 5.1 lets it, in milliseconds. */
const DEFAULT_LIFETIME_MS = 5 * 60_000;
/** A longer life is not believed: a mistake must not keep a token in use for years. */
const MAX_LIFETIME_SECONDS = 7 * 24 * 60 * 60;
/** What a header can carry, and RFC 6750 lets a token be made of. */
const BEARER = /^[\x21-\x7e]+$/;
/** RFC 6749 A.17. */
const PRINTABLE = /^[\x20-\x7e]+$/;

const text = z.string().nullish();
/** Some vendors send the number as a text. */
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
 * Null for an answer without a token that could be sent, or with a field that is of another kind than it must be: what is
 * read from the rest of it would be sealed in the place of what serves.
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
