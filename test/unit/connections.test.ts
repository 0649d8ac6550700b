import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Connections } from '../../src/server/socket/connections.ts';

/** Admits a connection, and returns whether it is open and how its socket was closed. */
function admit(connections: Connections, ids: { credentialId?: string; sessionId?: string }) {
  const closed: unknown[] = [];
  const socket = { close: (...end: unknown[]) => closed.push(end) } as unknown as WebSocket;
  const principal = { userId: 'ada', kind: 'key', scopes: ['*'], expiresAt: new Date(Date.now() + 60_000), ...ids };
  connections.admit({ socket, principal, authorization: 'Bearer x', clientAddress: '127.0.0.1' });
  return { isOpen: connections.of(socket) !== null, closed };
}

it('a credential that ends while it is being verified opens no socket', () => {
  const connections = new Connections();
  connections.credentialEnded('revoked');
  connections.credentialEnded('ended');
  expect(admit(connections, { credentialId: 'revoked' })).toEqual({
    isOpen: false,
    closed: [[4401, 'The access token was revoked']],
  });
  expect(admit(connections, { sessionId: 'ended' })).toEqual({
    isOpen: false,
    closed: [[4401, 'The session has ended']],
  });
  expect(admit(connections, { credentialId: 'another' })).toEqual({ isOpen: true, closed: [] });
});
