import type { IncomingMessage } from 'node:http';
import proxyAddress from '@fastify/proxy-addr';

/** Returns whether the X-Forwarded-* headers of a proxy are trusted. `hop` is its distance. */
export type Trust = (address: string, hop: number) => boolean;

/** Creates the test from TRUST_PROXY: a number of hops, addresses and ranges, or false for no proxy. */
export function trustOf(proxies: readonly string[] | number | false): Trust | false {
  if (proxies === false) return false;
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : proxyAddress.compile([...proxies]);
}

/** Returns the address of the client, as trusted proxies report it. */
export function clientAddress(request: IncomingMessage, trust: Trust | false): string {
  const { remoteAddress } = request.socket;
  return remoteAddress && trust ? proxyAddress(request, trust) : (remoteAddress ?? '');
}
