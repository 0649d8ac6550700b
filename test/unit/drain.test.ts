import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Drain } from '../../src/server/http/drain.ts';

const opened: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

/** Starts a server whose requests are answered by the test. */
async function served() {
  const asked = new Map<string, ServerResponse>();
  const server = createServer({ keepAliveTimeout: 72_000 }, (incoming, response) => {
    asked.set(incoming.url ?? '', response);
    server.emit('asked');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const drain = new Drain({ server, closeDoors: async () => {} });
  return {
    drain,
    async silent(): Promise<Socket> {
      const socket = connect(port, '127.0.0.1');
      opened.push(socket);
      await once(server, 'connection');
      return socket;
    },
    /** Sends a request, and resolves once the server has received it. */
    async ask(path: string) {
      const agent = new Agent({ keepAlive: true });
      opened.push(agent);
      const asking = request({ port, path, host: '127.0.0.1', agent }).end();
      const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
      await once(server, 'asked');
      return { response: asked.get(path) as ServerResponse, socket: asking.socket as Socket, answered };
    },
  };
}

const textOf = async (message: IncomingMessage) => {
  let text = '';
  for await (const piece of message) text += piece;
  return text;
};

it('closes a kept connection whose answer had begun before, while others are still served', async () => {
  const { drain, ask } = await served();
  const [begun, waiting] = [await ask('/begun'), await ask('/waiting')];
  begun.response.write('first, ');
  const [answer] = await begun.answered;
  expect(answer.headers.connection).toBe('keep-alive');
  const stopped = drain.run(0);
  expect(drain.draining).toBe(true);
  // The connection may close together with the last piece of the answer.
  const closed = once(begun.socket, 'close');
  begun.response.end('last');
  expect(await textOf(answer)).toBe('first, last');
  await closed;
  waiting.response.end('whole');
  const [other] = await waiting.answered;
  expect(await textOf(other)).toBe('whole');
  await stopped;
});

it('closes a connection that was never used, but not one that sends a request at the last moment', async () => {
  const { drain, ask, silent } = await served();
  const [unused, late] = [await silent(), await silent()];
  const waiting = await ask('/waiting');
  const stopped = drain.run(0);
  late.write('GET /late HTTP/1.1\r\nHost: late\r\n\r\n');
  await once(unused, 'close');
  expect(late.destroyed).toBe(false);
  waiting.response.end('whole');
  const [answer] = await waiting.answered;
  expect(await textOf(answer)).toBe('whole');
  late.destroy();
  await stopped;
});
