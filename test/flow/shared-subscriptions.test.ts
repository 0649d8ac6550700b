import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { documentText } from '../support/clients/document.ts';
import { openEventStream } from '../support/clients/event-stream.ts';
import { openSocket, type Socket, subscribe } from '../support/clients/socket.ts';

/** What many subscribers cost who follow the same mailbox, and what each of them receives. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false });
});
afterAll(() => app.close());

const vendor = 'google';
const address = 'shared@gmail.example';
const RECEIVED = documentText(
  graphql(`subscription SharedMail($after: Cursor) { messageReceived(role: null, after: $after) {
  cursor messageId message { id subject mailboxes { name } } } }`),
);
const EVENTS = documentText(
  graphql(`subscription SharedEvents($after: Cursor) { mailEvents(after: $after) {
  cursor eventId ... on MessageCreated { message { id subject mailboxes { name } } } } }`),
);
const SYNC = graphql(`{ viewer { sync { cursor } } }`);

interface Payload {
  readonly data: Record<string, { readonly message?: { readonly subject: string } | null }>;
}
const deliver = (subject: string) =>
  app.control('/deliver', { vendor, account: address, from: 'a@example.org', subject, text: 'x' });
const payloads = ({ messages }: Socket) =>
  messages.flatMap(({ type, payload }) => (type === 'next' ? [payload as Payload] : []));
const subjects = (socket: Socket): string[] =>
  payloads(socket).flatMap(({ data }) =>
    Object.values(data).flatMap(({ message }) => (message ? [message.subject] : [])),
  );

async function requests(operation: string): Promise<number> {
  const { records } = await app.control<ControlLog>(`/log?vendor=${vendor}&account=${address}&limit=200000`);
  return records.filter((record) => record.operation === operation).length;
}

it('equal subscribers receive the same bytes over every transport, and one of another user receives its own', async () => {
  const [one, other] = [await app.user('sharing'), await app.user('alone')];
  for (const { token } of [one, other]) await app.connect(token, 'GMAIL', address);
  const sockets = await Promise.all([one, one, one, other].map(({ token }) => openSocket(app, token)));
  const afterOf = async (token: string) => (await app.data(SYNC, {}, token)).viewer.sync.cursor;
  const after = await afterOf(one.token);
  for (const socket of sockets) {
    const variables = { after: socket === sockets.at(-1) ? await afterOf(other.token) : after };
    await socket.send(subscribe(RECEIVED, '1', { variables }));
  }
  const stream = await openEventStream(app, { query: RECEIVED, variables: { after } }, { token: one.token });
  for (const { token } of [one, other]) await app.synced(token);
  await app.control('/log', undefined, 'DELETE');
  for (const subject of ['first', 'second', 'third']) await deliver(subject);
  const ofEvents = (socket: Socket) => payloads(socket).filter(({ data }) => 'messageReceived' in data);
  for (const socket of sockets) await expect.poll(() => subjects(socket)).toEqual(['first', 'second', 'third']);
  await expect.poll(() => stream.events.length).toBe(3);
  const [first, second, third, foreign] = sockets.map((socket) => JSON.stringify(ofEvents(socket)));
  expect(new Set([first, second, third, JSON.stringify(stream.events.map(({ data }) => data))]).size).toBe(1);
  expect(foreign).not.toBe(first);
  // Two users have connected the mailbox. Each mail was read once for each of them.
  expect(await requests('messages.get')).toBe(6);

  // The others go on when one of equal subscribers leaves.
  sockets[0]?.close();
  await deliver('fourth');
  await expect
    .poll(() => [sockets[1], sockets[2]].map((socket) => socket && subjects(socket).at(-1)))
    .toEqual(['fourth', 'fourth']);
  for (const socket of sockets) socket.close();
  stream.close();
});

it('a flood of mail is read once for followers who ask differently, begin differently, and read at different times', async () => {
  const MAILS = 300;
  const { token } = await app.user('flooded');
  await app.connect(token, 'GMAIL', address);
  const after = (await app.data(SYNC, {}, token)).viewer.sync.cursor;
  const sockets: Socket[] = [];
  for (const query of [
    RECEIVED,
    EVENTS,
    RECEIVED.replace('messageId', 'integration { id }'),
    EVENTS.replace('eventId', 'at'),
  ]) {
    for (let n = 0; n < 3; n++) {
      const socket = await openSocket(app, token);
      const variables =
        n === 0 ? {} : { after: n === 1 ? after : (await app.data(SYNC, {}, token)).viewer.sync.cursor };
      await socket.send(subscribe(query, '1', { variables }));
      sockets.push(socket);
    }
  }
  // One who begins at the present says nothing before its first event.
  let before = 0;
  const begun = async () => {
    await deliver(`before the flood ${++before}`);
    return sockets.every((socket) => subjects(socket).length > 0);
  };
  await expect.poll(begun).toBe(true);
  // Each has its last event from before the flood, so that all requests from then on belong to the flood.
  for (const socket of sockets) await expect.poll(() => subjects(socket)).toContain(`before the flood ${before}`);
  await app.synced(token);
  await app.control('/log', undefined, 'DELETE');
  const wanted = Array.from({ length: MAILS }, (_, n) => `flood ${n}`);
  const flood = (socket: Socket) =>
    subjects(socket)
      .filter((subject) => subject.startsWith('flood'))
      .sort();
  for (const subject of wanted) await deliver(subject);
  for (const socket of sockets)
    await expect.poll(() => flood(socket).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(MAILS);
  for (const socket of sockets) expect(flood(socket)).toEqual([...wanted].sort());
  expect(await requests('messages.get')).toBeLessThanOrEqual(1.2 * MAILS);
  // The labels were listed before the flood, for all followers, and neither an event nor a sync lists them again.
  expect(await requests('labels.list')).toBeLessThanOrEqual(MAILS / 10);
  for (const socket of sockets) socket.close();
});
