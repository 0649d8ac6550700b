/** How long a token serves whose answer leaves its end out, as RFC 6749 5.1 lets it, in milliseconds. */
export const UNTOLD_LIFE_MS = 5 * 60_000;
/** What a header can carry, and RFC 6750 lets a token be made of. */
const TOKEN = /^[\x21-\x7e]+$/;

/** The access token of a token endpoint's answer; null for anything that could not be sent as one. */
export const bearerIn = (value: unknown): string | null =>
  typeof value === 'string' && TOKEN.test(value) ? value : null;
