import type { RequestRecord, Vendor } from '../../sandbox/world.ts';
import { encodeBatch } from '../../src/providers/gmail/wire/multipart.ts';

/** The address of each vendor, without a slash at the end, and the token of the account. */
type Upstreams = Readonly<Record<Vendor, { readonly url: string; readonly token: string }>>;

/**
 * Repeats the requests of an inbox page with bare fetch, in the same waves, and reads the responses without parsing
 * them. It shows what a page takes without any processing.
 */
export async function replay(records: readonly RequestRecord[], upstreams: Upstreams): Promise<void> {
  await Promise.all(
    (['google', 'microsoft'] as const).map(async (vendor) => {
      const outer = records.filter((record) => record.vendor === vendor && record.batch === null);
      const send = (record: RequestRecord) => sendAgain(record, records, upstreams);
      await Promise.all(outer.filter(({ operation }) => operation !== 'batch').map(send));
      await Promise.all(outer.filter(({ operation }) => operation === 'batch').map(send));
    }),
  );
}

async function sendAgain(
  { id, vendor, method, path, operation }: RequestRecord,
  records: readonly RequestRecord[],
  upstreams: Upstreams,
): Promise<void> {
  const upstream = upstreams[vendor];
  if (!upstream) throw new Error(`there is no emulator for ${vendor}`);
  if (operation !== 'batch' && method !== 'GET') throw new Error(`the log does not have the body of ${operation}`);
  const parts = records.filter(({ batch }) => batch === id).map(({ path }) => ({ method: 'GET' as const, path }));
  const response = await fetch(upstream.url + path, {
    method,
    headers: {
      authorization: `Bearer ${upstream.token}`,
      prefer: 'IdType="ImmutableId"',
      ...(operation === 'batch' && { 'content-type': 'multipart/mixed; boundary=again' }),
    },
    ...(operation === 'batch' && { body: encodeBatch(parts, 'again') }),
  });
  const { length } = await response.text();
  if (!response.ok || length === 0) throw new Error(`${operation} answered ${response.status} to the repeated request`);
}
