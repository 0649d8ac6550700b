/** The media type of an event stream (WHATWG HTML, section 9.2.5). */
export const EVENT_STREAM = 'text/event-stream';
const JSON_TYPES = ['application/json', 'application/graphql-response+json'];

/**
 * Returns what an Accept header (RFC 9110, section 12.5.1) says of an event stream.
 *
 * - `preferred`: every operation is answered with one.
 * - `accepted`: JSON has the same weight or a higher one. Clients send one list of types with every operation, so only a
 *   subscription, which has no answer in JSON, is answered with an event stream.
 * - `refused`: it is not named, or has the weight 0. A client that accepts anything has not said that it can read a
 *   stream without an end.
 */
export function eventStreamIn(accept: string | undefined): 'preferred' | 'accepted' | 'refused' {
  const weights = weightsIn(accept ?? '');
  const stream = weights.get(EVENT_STREAM) ?? weights.get('text/*') ?? 0;
  if (stream === 0) return 'refused';
  const ofJson = (type: string) => weights.get(type) ?? weights.get('application/*') ?? weights.get('*/*') ?? 0;
  return stream > Math.max(...JSON_TYPES.map(ofJson)) ? 'preferred' : 'accepted';
}

/** Returns the weight of each media range. Parameters other than the weight do not distinguish the types above. */
function weightsIn(accept: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    weights.set(type, Math.max(weights.get(type) ?? 0, WEIGHT.test(weight) ? Number(weight) : 0));
  }
  return weights;
}

/** RFC 9110, section 12.4.2. */
const WEIGHT = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/;
