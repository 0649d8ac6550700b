/** The value of a Retry-After header (RFC 9110, section 10.2.3): whole seconds, rounded up so that no retry comes too early. */
export const retryAfterSeconds = (ms: number): number => Math.ceil(ms / 1_000);
