import { setImmediate as turn } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { graphClient, ME, mail, microsoftFor, signIn, startMicrosoft } from '../testing/microsoft.ts';

const { running, graph, direct, signInAgain } = microsoftFor('file');
let hooks: FastifyInstance;
let hook: string;
beforeAll(async () => {
  hooks = Fastify();
  hooks.post('/good', async (request, reply) =>
    reply.type('text/plain').send((request.query as { validationToken: string }).validationToken),
  );
  hooks.post('/html', async (request, reply) =>
    reply.type('text/html').send((request.query as { validationToken: string }).validationToken),
  );
  hooks.post('/wrong', async (_, reply) => reply.type('text/plain').send('something else'));
  hooks.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  hook = await hooks.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(async () => {
  await signInAgain();
  running().emulator.dropWatches(ME);
  running().posted.length = 0;
});
afterAll(async () => {
  await hooks.close();
});

const inMinutes = (minutes: number) => new Date(running().world.now().getTime() + minutes * 60_000).toISOString();
const wanted = (given: Record<string, unknown> = {}) => ({
  changeType: 'created,updated,deleted',
  notificationUrl: `${hook}/good`,
  lifecycleNotificationUrl: `${hook}/good?lifecycle=1`,
  resource: '/me/messages',
  expirationDateTime: inMinutes(4000),
  clientState: 'the state',
  ...given,
});
const subscribe = (given: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  graph('/subscriptions', { method: 'POST', body: wanted(given), headers });
interface Notification {
  readonly subscriptionId: string;
  readonly changeType: string;
  readonly lifecycleEvent: string;
}
const notificationsIn = (body = '{"value":[]}') => (JSON.parse(body) as { value: readonly Notification[] }).value;
/** Notifications leave at the end of the turn. */
const posted = async () => {
  await turn();
  return running()
    .posted.splice(0)
    .flatMap(({ url, body }) => notificationsIn(body).map((notification) => ({ ...notification, url })));
};

describe('a subscription', () => {
  it('is made when the endpoint gives the token back, and tells of mail', async () => {
    const made = await subscribe();
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ resource: '/me/messages', clientState: 'the state' });
    const id = running().emulator.deliver(ME, mail());
    expect(await posted()).toEqual([
      expect.objectContaining({
        url: `${hook}/good`,
        subscriptionId: made.body.id,
        clientState: 'the state',
        changeType: 'created',
        resourceData: expect.objectContaining({ '@odata.type': '#Microsoft.Graph.Message', id }),
      }),
    ]);
    running().emulator.touch(ME, id, 'read');
    running().emulator.touch(ME, id, 'archive');
    running().emulator.touch(ME, id, 'delete');
    expect((await posted()).map((notification) => notification.changeType)).toEqual(['updated', 'updated', 'deleted']);
  });

  it('of one folder sees what enters and leaves it', async () => {
    await subscribe({ resource: "me/mailFolders('inbox')/messages" });
    const id = running().emulator.deliver(ME, mail());
    running().emulator.touch(ME, id, 'archive');
    running().emulator.touch(ME, id, 'unread');
    expect((await posted()).map((notification) => notification.changeType)).toEqual(['created', 'deleted']);
  });

  it('names movable ids when it was made without the preference', async () => {
    await subscribe({}, { prefer: '' });
    const immutable = running().emulator.deliver(ME, mail());
    const [notification] = (await posted()) as unknown as { resourceData: { id: string } }[];
    expect(notification?.resourceData.id).not.toBe(immutable);
    expect((await graph(`/me/messages/${notification?.resourceData.id}?$select=id`)).body.id).toBe(immutable);
  });

  it.each(['html', 'wrong', 'missing'])('is refused when the endpoint answers %s', async (path) => {
    const { status, body } = await subscribe({ notificationUrl: `${hook}/${path}` });
    expect([status, body.error.code]).toEqual([400, 'ValidationError']);
  });

  it('is refused for another resource, too long a life, or a host that is not this machine', async () => {
    for (const given of [
      { resource: '/me/events' },
      { expirationDateTime: inMinutes(10_200) },
      { expirationDateTime: inMinutes(-1) },
      { notificationUrl: 'https://example.com/hook' },
      { changeType: 'moved' },
    ])
      expect((await direct('/subscriptions', { method: 'POST', body: wanted(given) })).status).toBe(400);
  });

  it('can be read, renewed and deleted, and ends by itself', async () => {
    const { body } = await subscribe();
    const path = `/subscriptions/${body.id}`;
    expect((await graph('/subscriptions')).body.value).toHaveLength(1);
    const until = inMinutes(9000);
    const renewed = await graph(path, { method: 'PATCH', body: { expirationDateTime: until } });
    expect(renewed.body.expirationDateTime).toBe(until);
    expect((await graph(path, { method: 'DELETE' })).status).toBe(204);
    expect((await graph(path)).status).toBe(404);
    await subscribe({ expirationDateTime: inMinutes(50) });
    running().clock.ahead += 51 * 60_000;
    running().emulator.deliver(ME, mail());
    expect(await posted()).toEqual([]);
  });

  it('outlives a restart', async () => {
    const { body } = await subscribe();
    const restarted = await startMicrosoft({ keep: running().world.keep });
    restarted.clock.ahead = running().clock.ahead;
    restarted.emulator.deliver(ME, mail());
    await turn();
    expect(notificationsIn(restarted.posted[0]?.body)[0]).toMatchObject({ subscriptionId: body.id });
    await restarted.close();
  });

  it('dies without a word when it is dropped', async () => {
    const { body } = await subscribe();
    running().emulator.dropWatches(ME);
    running().emulator.deliver(ME, mail());
    expect(await posted()).toEqual([]);
    expect(
      (await graph(`/subscriptions/${body.id}`, { method: 'PATCH', body: { expirationDateTime: inMinutes(60) } }))
        .status,
    ).toBe(404);
  });
});

describe('lifecycle', () => {
  it('asks for authorization, holds changes back, and tells that some were missed', async () => {
    const { body } = await subscribe();
    running().emulator.expireTokens(ME);
    expect(await posted()).toEqual([
      expect.objectContaining({
        url: `${hook}/good?lifecycle=1`,
        lifecycleEvent: 'reauthorizationRequired',
        subscriptionId: body.id,
        clientState: 'the state',
      }),
    ]);
    running().emulator.deliver(ME, mail());
    expect(await posted()).toEqual([]);
    const renewed = graphClient(running().via, (await signIn(running().url)).access_token);
    expect((await renewed(`/subscriptions/${body.id}/reauthorize`, { method: 'POST' })).status).toBe(204);
    expect(await posted()).toEqual([expect.objectContaining({ lifecycleEvent: 'missed' })]);
    running().emulator.deliver(ME, mail());
    expect(await posted()).toEqual([expect.objectContaining({ changeType: 'created' })]);
  });

  it('tells that a subscription was removed with its grant', async () => {
    await subscribe();
    running().emulator.revoke(ME);
    expect(await posted()).toEqual([expect.objectContaining({ lifecycleEvent: 'subscriptionRemoved' })]);
  });
});

describe('a second subscription to the same', () => {
  afterEach(() => running().emulator.setDuplicates?.(ME, 'taken'));

  it('is taken, as in the field', async () => {
    expect([(await subscribe()).status, (await subscribe()).status]).toEqual([201, 201]);
  });

  it('is refused where that is set, in the words of the documentation, and other changes are not', async () => {
    running().emulator.setDuplicates?.(ME, 'refused');
    const { id } = (await subscribe()).body;
    expect(await subscribe({ notificationUrl: `${hook}/good?another`, resource: 'me/messages' })).toMatchObject({
      status: 409,
      body: { error: { message: `Subscription Id ${id} already exists for the requested combination` } },
    });
    expect((await subscribe({ changeType: 'created' })).status).toBe(201);
  });
});

it('a silent subscription is renewed and tells of nothing, and one made later does', async () => {
  const { id } = (await subscribe({ clientState: 'silent' })).body;
  running().emulator.silenceWatches(ME);
  await graph(`/subscriptions/${id}`, { method: 'PATCH', body: { expirationDateTime: inMinutes(5000) } });
  running().emulator.deliver(ME, mail());
  expect(await posted()).toEqual([]);
  await subscribe({ clientState: 'another' });
  running().emulator.deliver(ME, mail());
  const notifications = JSON.stringify(await posted());
  expect(notifications).toContain('"another"');
  expect(notifications).not.toContain('"silent"');
});
