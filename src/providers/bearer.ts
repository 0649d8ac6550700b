/** What a header can carry, and RFC 6750 lets a token be made of. */
const TOKEN = /^[\x21-\x7e]+$/;

/** The access token of a token endpoint's answer; null for anything that could not be sent as one. */
export const bearerIn = (value: unknown): string | null =>
  typeof value === 'string' && TOKEN.test(value) ? value : null;
