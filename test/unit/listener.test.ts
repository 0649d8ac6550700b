import { afterEach, expect, it } from 'vitest';
import { HostList } from '../../src/server/http/hosts.ts';
import { type Listener, openListener } from '../../src/server/http/listener.ts';

const listeners: Listener[] = [];
const open = async (host: string, port: number) => {
  const listener = await openListener(host, port);
  listeners.push(listener);
  return listener;
};
afterEach(() => {
  for (const { server } of listeners.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

it('answers 503 until there is a handler', async () => {
  const listener = await open('127.0.0.1', 0);
  const url = `http://127.0.0.1:${listener.port}/`;
  const early = await fetch(url);
  expect([early.status, early.headers.get('retry-after'), await early.text()]).toEqual([503, '1', 'Starting.\n']);
  listener.serve((_request, response) => response.end('served'));
  expect(await (await fetch(url)).text()).toBe('served');
});

it('names the setting at fault when it cannot listen', async () => {
  const { port } = await open('127.0.0.1', 0);
  await expect(open('127.0.0.1', port)).rejects.toMatchObject({
    name: 'StartError',
    message: `PORT: ${port} on 127.0.0.1 is taken; stop what listens there, or set PORT to another`,
  });
  // This address is reserved for documentation (RFC 5737), so no machine has it.
  await expect(open('192.0.2.1', 0)).rejects.toMatchObject({
    name: 'StartError',
    message: 'HOST: 192.0.2.1 is not an address of this machine',
  });
});

it.each([
  ['localhost:4000', true],
  ['127.0.0.1', true],
  ['[::1]:4000', true],
  ['mail.example', true],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['[::1', false],
  ['a b', false],
  ['', false],
  [undefined, false],
])('the sandbox takes the Host header %s: %s', (header, isAllowed) => {
  expect(new HostList('http://mail.example:4000').allows(header)).toBe(isAllowed);
});
