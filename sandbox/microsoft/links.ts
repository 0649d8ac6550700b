import type { Call } from './request.ts';

/** @odata.context of something under the caller: contextOf(call, "messages/$entity"). */
export function contextOf(call: Pick<Call, 'base' | 'account'>, what: string): string {
  return `${call.base}/v1.0/$metadata#users('${call.account.objectId}')/${what}`;
}

/** The request's own URL with some of its options set (or, by null, taken out): what a next page is asked by. */
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

/** State in a paging token: opaque to the caller. */
export const packToken = (state: unknown) => Buffer.from(JSON.stringify(state)).toString('base64url');

export function unpackToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
