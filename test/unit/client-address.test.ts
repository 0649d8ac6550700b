import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { clientAddress, trustOf } from '../../src/server/http/client-address.ts';

const request = (remoteAddress: string | undefined, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded ? { 'x-forwarded-for': forwarded } : {} }) as IncomingMessage;

it.each([
  ['nobody is believed', false, '10.0.0.5', '10.0.0.5'],
  ['one hop', 1, '198.51.100.7', '10.0.0.5'],
  ['two hops', 2, '192.0.2.9', '10.0.0.5'],
  ['the proxy by its address', ['10.0.0.5'], '198.51.100.7', '10.0.0.5'],
  ['a range of proxies', ['10.0.0.0/8', '198.51.100.0/24'], '192.0.2.9', '10.0.0.5'],
  ['a stranger who claims to be a proxy', ['10.0.0.5'], '203.0.113.1', '203.0.113.1'],
] as const)('%s', (_name, whom, client, from) => {
  expect(clientAddress(request(from, '192.0.2.9, 198.51.100.7'), trustOf(whom))).toBe(client);
});

it('a socket that is already closed has no address', () => {
  expect(clientAddress(request(undefined, '192.0.2.9'), trustOf(1))).toBe('');
});
