import type { Call } from './request.ts';

/** Returns the @odata.context of a resource of the caller, for example contextOf(call, "messages/$entity"). */
export function contextOf(call: Pick<Call, 'base' | 'account'>, what: string): string {
  return `${call.base}/v1.0/$metadata#users('${call.account.objectId}')/${what}`;
}

/** Returns the request's URL with some options replaced, or removed by null. It is the link to the next page. */
export function linkTo(
  call: Pick<Call, 'base' | 'path' | 'query'>,
  changes: Readonly<Record<string, string | null>>,
): string {
  const query = new URLSearchParams(call.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = [...query].map(
    ([name, value]) =>
      `${encodeURIComponent(name).replace(/%24/g, '$')}=${encodeURIComponent(value).replace(/%24/g, '$')}`,
  );
  return `${call.base}/v1.0${call.path}${text.length > 0 ? `?${text.join('&')}` : ''}`;
}

/** Encodes state as a paging token, which is opaque to the caller. */
export const packToken = (state: unknown) => Buffer.from(JSON.stringify(state)).toString('base64url');

export function unpackToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
