import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WatchOptions } from '../../src/providers/contract/watch.ts';
import { interactive, openLab } from '../support/app/lab.ts';

/** A server that accepts every subscription that Graph validates. */
let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const token = new URL(request.url ?? '/', 'http://localhost').searchParams.get('validationToken');
    response.writeHead(200, { 'content-type': 'text/plain' }).end(token ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const options = (more: Partial<WatchOptions> = {}): WatchOptions => ({
  notificationUrl: origin,
  secret: 'a secret',
  isSilent: false,
  isTaken: async () => false,
  lost: async () => {},
  ...more,
});

it('an Outlook watch that notifies another address is replaced, and one that notifies this one is renewed', async () => {
  const lab = await openLab('OUTLOOK');
  const account = await lab.account('mover');
  const { watch } = account.session;
  if (!watch) throw new Error('Outlook pushes');
  const at = (path: string) => options({ notificationUrl: `${origin}/${path}` });
  const first = await watch.start(null, at('before'), interactive());
  expect((await watch.start(first, at('before'), interactive())).key).toBe(first.key);
  const second = await watch.start(first, at('after'), interactive());
  expect(second.key).not.toBe(first.key);
  expect((await watch.start(second, at('after'), interactive())).key).toBe(second.key);
  // The first watch no longer exists, so renewing it makes another one.
  expect((await watch.start(first, at('before'), interactive())).key).not.toBe(first.key);
  await lab.close();
});

it('a Gmail watch that conflicts with another topic is started once that one is stopped', async () => {
  const lab = await openLab('GMAIL');
  const account = await lab.account('mover');
  const { watch } = account.session;
  if (!watch) throw new Error('Gmail pushes');
  const message = 'Only one user push notification client allowed per developer (call /stop then try again)';
  await lab.control('/faults', {
    vendor: lab.vendor,
    account: account.address,
    operation: 'watch',
    status: 400,
    times: 1,
    body: JSON.stringify({
      error: {
        code: 400,
        message,
        status: 'INVALID_ARGUMENT',
        errors: [{ reason: 'invalidArgument', message, domain: 'global' }],
      },
    }),
  });
  await lab.control('/log', undefined, 'DELETE');
  const state = await watch.start(null, options(), interactive());
  expect(state.key).toBe(account.address);
  const { records } = await lab.control<{ records: { operation: string }[] }>('/log');
  expect(records.map(({ operation }) => operation)).toEqual(['watch', 'stop', 'watch']);
  await lab.close();
});

it.each(['OUTLOOK', 'GMAIL'])(
  'a %s watch that stays silent is reported as lost, also when no new one can be created',
  async (id) => {
    const lab = await openLab(id);
    const account = await lab.account('loser');
    const { watch } = account.session;
    if (!watch) throw new Error('it pushes');
    let lost = 0;
    const given = (more: Partial<WatchOptions> = {}) => options({ lost: async () => void lost++, ...more });
    const first = await watch.start(null, given(), interactive());
    expect((await watch.start(first, given(), interactive())).key).toBe(first.key);
    expect(lost).toBe(0);
    const operation = { OUTLOOK: 'POST /subscriptions', GMAIL: 'watch' }[id];
    await lab.control('/faults', { vendor: lab.vendor, account: account.address, operation, status: 403 });
    await expect(watch.start(first, given({ isSilent: true }), interactive())).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(lost).toBe(1);
    await lab.close();
  },
);

it('an Outlook watch that conflicts with another one replaces its own, and nobody else’s', async () => {
  const lab = await openLab('OUTLOOK');
  const account = await lab.account('twice');
  const { watch } = account.session;
  if (!watch) throw new Error('Outlook pushes');
  await lab.control('/duplicates', { vendor: lab.vendor, account: account.address, duplicates: 'refused' });
  const start = (more: Partial<WatchOptions> = {}) => watch.start(null, options(more), interactive());
  const renewed = async (key: string, more: Partial<WatchOptions> = {}) =>
    (await watch.start({ key, expiresAt: new Date() }, options(more), interactive())).key === key;

  // As if its answer had been lost: it notifies this gateway, but no integration knows it.
  const lost = await start({ secret: 'a secret that was forgotten' });
  const found = await start();
  expect(found.key).not.toBe(lost.key);
  // The gateway has moved, and has lost the key.
  const moved = await start({ notificationUrl: `${origin}/elsewhere` });
  expect(moved.key).not.toBe(found.key);

  const taken = { notificationUrl: `${origin}/elsewhere`, secret: 'of another user', isTaken: async () => true };
  await expect(start(taken), 'another integration of this gateway').rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(start({ secret: 'of another gateway' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('polled'),
  });
  expect(await renewed(moved.key, { notificationUrl: `${origin}/elsewhere` })).toBe(true);

  const { records } = await lab.control<{ records: { operation: string; status: number }[] }>('/log');
  const deleted = records.filter(({ operation }) => operation === 'DELETE /subscriptions/{id}');
  expect(deleted.map(({ status }) => status)).toEqual([204, 204]);
  await lab.close();
});
