import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createLog } from '../../src/platform/log.ts';
import { OperationQueue } from '../../src/server/operation-queue/operation-queue.ts';
import type { SocketProtocol } from '../../src/server/socket/socket-protocol.ts';
import { mountWebSocket } from '../../src/server/socket/websocket.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const MEGABYTE = 2 ** 20;

/** Connects a client to the real server, which answers each message with a megabyte. Returns both ends. */
async function connect() {
  const ends: WebSocket[] = [];
  const connections: Socket[] = [];
  let send: (text: string) => unknown = () => {};
  const protocol: SocketProtocol = {
    opened(socket, extra) {
      ends.push(extra.socket);
      send = (text) => socket.send(text);
      socket.onMessage(async () => void (await socket.send('x'.repeat(MEGABYTE))));
      return async () => {};
    },
  };
  const server = createServer().on('connection', (connection) => connections.push(connection));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const operationQueue = new OperationQueue();
  closers.push(() => operationQueue.close());
  closers.push(mountWebSocket({ server, path: '/', protocol, operationQueue, hosts: null, log: createLog('silent') }));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'graphql-transport-ws');
  await new Promise((resolve) => client.once('open', resolve));
  const [[served], [connection]] = [ends, connections];
  if (!served || !connection) throw new Error('the server has no end of it');
  return { client, served, connection, send: (text: string) => send(text) };
}

describe('from a client that does not read', () => {
  it.each<[string, string, (client: WebSocket) => void, number]>([
    ['messages', 'message', (client) => client.send('more'), 100],
    ['pings', 'pong', (client) => client.ping('x'.repeat(125)), 40_000],
  ])('no more %s are read until it does', async (_what, event, ask, times) => {
    const { client, served } = await connect();
    let answers = 0;
    client.pause();
    // Fills the buffers of the kernel first, since what they hold is not held by the gateway.
    while (served.bufferedAmount === 0) {
      served.send('x'.repeat(65_536));
      await new Promise(setImmediate);
    }
    for (let i = 0; i < times; i++) ask(client);
    await expect.poll(() => served.isPaused).toBe(true);
    client.on(event, (data) => {
      if (event === 'pong' || data.length === MEGABYTE) answers++;
    });
    client.resume();
    await expect.poll(() => answers).toBe(times);
    await expect.poll(() => served.isPaused).toBe(false);
    client.close();
  });
});

it('a message that meets a connection reset by its client is no failure of the gateway', async () => {
  const { client, served, connection, send } = await connect();
  const closed = new Promise((resolve) => served.once('close', resolve));
  const reset = Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET' });
  connection._writev = (_chunks, done) => done(reset);
  connection._write = (_chunk, _encoding, done) => done(reset);
  await expect(send('x')).resolves.toBeUndefined();
  await closed;
  client.terminate();
});
