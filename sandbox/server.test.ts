import { expect, it } from 'vitest';
import { createServer, listen } from './server.ts';

it.each([
  ['127.0.0.1:4001', 200],
  ['localhost', 200],
  ['LOCALHOST:9', 200],
  ['[::1]:4001', 200],
  ['evil.example', 403],
  ['127.0.0.1.evil.example', 403],
  ['localhost.evil.example:4001', 403],
  ['evil.example:127.0.0.1', 403],
  ['127.0.0.2', 403],
])('answers Host: %s with %i', async (host, status) => {
  const app = createServer();
  app.get('/', async () => 'ok');
  expect((await app.inject({ url: '/', headers: { host } })).statusCode).toBe(status);
  expect((await app.inject({ url: '/nowhere', headers: { host } })).statusCode).toBe(status === 200 ? 404 : 403);
  await app.close();
});

it('says in one line that its port is taken', async () => {
  const first = createServer();
  const url = await listen(first, '127.0.0.1', 0);
  const port = Number(new URL(url).port);
  await expect(listen(createServer(), '127.0.0.1', port)).rejects.toThrow(
    new RegExp(`^SANDBOX_PORT: port ${port} is taken.*$`),
  );
  await first.close();
});
