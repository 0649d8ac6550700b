import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Connections } from '../../src/server/socket/connections.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const DAY_MS = 86_400_000;
const admitted = (expiresAt: Date) => {
  const client = { close: vi.fn() };
  const connections = new Connections();
  const principal = { userId: 'someone', kind: 'api-token', scopes: [], credentialId: 'token 1', expiresAt };
  connections.admit({ client, principal, authorization: 'Bearer x', clientAddress: '' });
  return { client, connections };
};

it('closes a client when its credential expires, also after more days than a timer can wait', () => {
  const { client } = admitted(new Date(Date.now() + 60 * DAY_MS));
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(client.close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(client.close.mock.calls).toEqual([[4403, expect.stringMatching(/expired/)]]);
});

it('never closes a client whose credential has no end, unless it is revoked', () => {
  const { client, connections } = admitted(new Date('9999-12-31T00:00:00Z'));
  vi.advanceTimersByTime(1_000 * DAY_MS);
  expect(client.close).not.toHaveBeenCalled();
  connections.credentialEnded('token 1');
  expect(client.close.mock.calls).toEqual([[4401, expect.stringMatching(/revoked/)]]);
});

it('closes a client at once that is admitted when its credential has just expired, although an earlier one has not left yet', () => {
  const { client, connections } = admitted(new Date(Date.now() + DAY_MS));
  const { principal, authorization } = connections.of(client) as NonNullable<ReturnType<Connections['of']>>;
  vi.advanceTimersByTime(DAY_MS);
  const late = { close: vi.fn() };
  connections.admit({ client: late, principal, authorization, clientAddress: '' });
  vi.advanceTimersByTime(1);
  expect(late.close.mock.calls).toEqual([[4403, expect.stringMatching(/expired/)]]);
});

it('waits no longer for a client that has left', () => {
  const { client, connections } = admitted(new Date(Date.now() + DAY_MS));
  expect(connections.of(client)?.principal.userId).toBe('someone');
  connections.leave(client);
  expect([connections.of(client), vi.getTimerCount()]).toEqual([null, 0]);
});

it('opens no connection for a credential that ended while it was being verified', () => {
  const connections = new Connections();
  connections.credentialEnded('revoked');
  const client = { close: vi.fn() };
  const principal = { userId: 'ada', kind: 'api-token', scopes: [], expiresAt: new Date(Date.now() + DAY_MS) };
  const admit = (ids: { credentialId?: string; sessionId?: string }) =>
    connections.admit({ client, principal: { ...principal, ...ids }, authorization: 'Bearer x', clientAddress: '' });
  expect([admit({ credentialId: 'revoked' }), connections.of(client)]).toEqual([false, null]);
  expect(client.close.mock.calls).toEqual([[4401, 'The access token was revoked']]);
  expect(admit({ credentialId: 'another' })).toBe(true);
});

it('clients with the same credential have one timer, and one whose grant has changed since has its own', () => {
  const connections = new Connections();
  const principal = {
    userId: 'ada',
    kind: 'api-token',
    scopes: ['read'],
    credentialId: 'token 1',
    expiresAt: new Date(Date.now() + DAY_MS),
  };
  const admit = (scopes: readonly string[]) => {
    const client = { close: vi.fn() };
    connections.admit({ client, principal: { ...principal, scopes }, authorization: 'Bearer x', clientAddress: '' });
    return client;
  };
  const [first, second, changed] = [admit(['read']), admit(['read']), admit([])];
  expect(vi.getTimerCount()).toBe(2);
  expect([first, second, changed].map((client) => connections.of(client)?.principal.scopes)).toEqual([
    ['read'],
    ['read'],
    [],
  ]);
  const signal = connections.of(second)?.signal;
  connections.leave(first);
  expect(signal?.aborted).toBe(false);
  vi.advanceTimersByTime(DAY_MS);
  expect([first, second, changed].map(({ close }) => close.mock.calls.length)).toEqual([0, 1, 1]);
  connections.leave(second);
  connections.leave(changed);
  expect([signal?.aborted, vi.getTimerCount()]).toEqual([true, 0]);
});
