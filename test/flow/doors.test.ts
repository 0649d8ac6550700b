import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import { openLineClient } from '../support/clients/line-client.ts';
import { lineDoor } from '../support/line-door.ts';

const socketPath = join(tmpdir(), `postern-${randomUUID()}.sock`);
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0, doors: [lineDoor(socketPath)] });
});
afterAll(() => app.close());

const WHO = { query: '{ viewer { email } }' };

it('a further door executes the operations of its clients, and closes them when their session ends', async () => {
  const user = await app.user('inside');
  const client = await openLineClient(socketPath, user.token);
  expect(await client.ask(WHO)).toEqual({ data: { viewer: { email: user.email } } });
  await app.data('mutation { signOut { userErrors { message } } }', {}, user.token);
  expect(await client.next()).toEqual({ closed: { code: 4401, reason: 'The session has ended' } });
  const refused = await openLineClient(socketPath, user.token);
  expect(await refused.next()).toMatchObject({ closed: { code: 4401 } });
});

it('a further door is closed by the drain, and opened again with the gateway', async () => {
  const user = await app.user('listening');
  const client = await openLineClient(socketPath, user.token);
  expect(await client.ask(WHO)).toEqual({ data: { viewer: { email: user.email } } });
  const subscribed = client.ask({ query: 'subscription { submissionChanged { submission { id } } }' });
  const restarted = app.restart();
  expect(await subscribed).toEqual({ closed: { code: 1001, reason: 'Going away' } });
  await restarted;
  const again = await openLineClient(socketPath, user.token);
  expect(await again.ask(WHO)).toEqual({ data: { viewer: { email: user.email } } });
  again.close();
});
