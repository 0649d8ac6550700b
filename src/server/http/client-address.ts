import type { IncomingMessage } from 'node:http';
import proxyAddress from '@fastify/proxy-addr';

/** Tells whether a proxy that is so many hops away may say whom it speaks for. */
export type Trust = (address: string, hop: number) => boolean;

/** By what TRUST_PROXY says: a number of hops, addresses and ranges, or nobody. */
export function trustOf(whom: readonly string[] | number | false): Trust | false {
  if (whom === false) return false;
  return typeof whom === 'number' ? (_address, hop) => hop < whom : proxyAddress.compile([...whom]);
}

/** The address of a request's client, as reported by trusted proxies. */
export function clientAddress(request: IncomingMessage, trust: Trust | false): string {
  const { remoteAddress } = request.socket;
  return remoteAddress && trust ? proxyAddress(request, trust) : (remoteAddress ?? '');
}
