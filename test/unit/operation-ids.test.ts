import { afterEach, beforeEach, expect, it } from 'vitest';
import { startSmallGateway } from '../support/app/small-gateway.ts';
import { openSocket, type Socket, subscribe } from '../support/clients/socket.ts';

let gateway: Awaited<ReturnType<typeof startSmallGateway>>;
let socket: Socket;
beforeEach(async () => {
  gateway = await startSmallGateway();
  socket = await openSocket(gateway, 'ada');
});
afterEach(() => gateway.close());

const complete = { id: 'a', type: 'complete' };
const WAITS = 'subscription { waits }';
const opened = (n: number) => expect.poll(() => gateway.counts.opened).toBe(n);
const left = (n: number) => expect.poll(() => gateway.counts.left).toBe(n);
/** The messages of operations once `small` was answered, which is after everything that was sent before. */
async function answers() {
  await socket.send(subscribe('{ small }', 'last'));
  await socket.find(({ id, type }) => id === 'last' && type === 'complete');
  return socket.messages.filter(({ id }) => id === 'a');
}
async function cancelledQuery() {
  await socket.send(subscribe('{ late }', 'a'));
  await expect.poll(() => gateway.counts.hanging).toBe(1);
}

it('a query under the id of a cancelled query gets its own answer', async () => {
  await cancelledQuery();
  await socket.send(complete, subscribe('{ small late }', 'a'));
  await expect.poll(() => gateway.counts.hanging).toBe(2);
  gateway.letGo();
  await socket.find(({ id, type }) => id === 'a' && type === 'complete');
  const payload = { data: { small: 'small', late: 'late' } };
  expect(await answers()).toEqual([{ id: 'a', type: 'next', payload }, complete]);
});

it('a subscription under the id of a cancelled query ends by complete', async () => {
  await cancelledQuery();
  await socket.send(complete, subscribe(WAITS, 'a'));
  await opened(1);
  gateway.letGo();
  expect(await answers()).toEqual([]);
  await socket.send(complete);
  await left(1);
});

it('a subscription under the id of a cancelled query ends with its socket', async () => {
  await cancelledQuery();
  await socket.send(complete, subscribe(WAITS, 'a'));
  await opened(1);
  gateway.letGo();
  await answers();
  socket.close();
  await left(1);
});

it('a subscription under the id of a cancelled subscription is one of its own', async () => {
  await socket.send(subscribe(WAITS, 'a'));
  await opened(1);
  await socket.send(complete, subscribe(WAITS, 'a'), complete, subscribe(WAITS, 'a'));
  await opened(3);
  await left(2);
  expect(await answers()).toEqual([]);
  await socket.send(complete);
  await left(3);
});

it.each(['complete', 'close'])('a source that is being opened ends by %s', async (how) => {
  await socket.send(subscribe('subscription { opens }', 'a'));
  await opened(1);
  if (how === 'close') socket.close();
  else await socket.send(complete);
  await left(1);
  if (how === 'complete') expect(await answers()).toEqual([]);
});

it('an id is free again once its operation has failed, and as soon as it is complete', async () => {
  for (const query of ['{ nothing }', '{ small }', '{ small }']) {
    const before = socket.messages.length;
    await socket.send(subscribe(query, 'a'));
    await socket.find((message) => socket.messages.indexOf(message) >= before && /error|complete/.test(message.type));
  }
  expect((await answers()).map(({ type }) => type)).toEqual(['error', 'next', 'complete', 'next', 'complete']);
});

it('an id of an operation that is still open is refused with 4409', async () => {
  await socket.send(subscribe(WAITS, 'a'), subscribe('{ small }', 'a'));
  expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for a already exists' });
  await expect.poll(() => gateway.counts.left).toBe(gateway.counts.opened);
});

it('an id is any text, and "complete" of another is ignored', async () => {
  const id = '1 "\u2028\\ü';
  await socket.send(subscribe(WAITS, id), { id: '1', type: 'complete' });
  await opened(1);
  await socket.send(subscribe('{ small }', '2"'));
  expect(await socket.find(({ type }) => type === 'next')).toMatchObject({ id: '2"' });
  expect(gateway.counts.left).toBe(0);
  await socket.send({ id, type: 'complete' });
  await left(1);
});
