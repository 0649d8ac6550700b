import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { type OpenPage, openPage } from '../support/clients/browser.ts';

/** A page that follows its user's mail by Server-Sent Events, with nothing but the browser's own fetch. */
let app: TestApp;
let opened: OpenPage;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0, streamTimes: { heartbeatIntervalMs: 100 } });
  opened = await openPage(app.url);
});
afterAll(async () => {
  await opened?.close();
  await app?.close();
});

interface Follower {
  /** The subjects of the mail that was reported. */
  readonly received: string[];
  lastEventId: string;
  comments: number;
  ends: number;
  leave(): void;
}
type Following = typeof globalThis & { follower?: Follower };

/** Runs in the page: follows from the last event that it has received, as an EventSource does. */
function follow([url = '', token = '', query = '', after = '']: readonly string[]): void {
  const here = globalThis as Following;
  const leaving = new AbortController();
  const follower = here.follower ?? { received: [], lastEventId: '', comments: 0, ends: 0, leave: () => {} };
  here.follower = follower;
  follower.comments = 0;
  follower.leave = () => leaving.abort();
  const read = async () => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      signal: leaving.signal,
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...(follower.lastEventId === '' ? {} : { 'last-event-id': follower.lastEventId }),
      },
      body: JSON.stringify({ query, variables: { after } }),
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let unfinished = ''; reader; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (unfinished + value).split('\n\n');
      unfinished = blocks.pop() ?? '';
      for (const block of blocks) {
        if (block.startsWith(':')) follower.comments++;
        follower.lastEventId = /^id: (.*)$/m.exec(block)?.[1] ?? follower.lastEventId;
        const subject = /"subject":"(\d+)"/.exec(block)?.[1];
        if (subject !== undefined) follower.received.push(subject);
      }
    }
  };
  const ended = () => {
    follower.ends++;
  };
  read().then(ended, ended);
}
const seen = () => opened.page.evaluate(() => (globalThis as Following).follower);

it('misses nothing and repeats nothing when it leaves, when its network fails, and when the gateway starts again', async () => {
  const account = 'page@gmail.example';
  const { token } = await app.user('page');
  await app.connect(token, 'GMAIL', account);
  const { viewer } = await app.data(graphql('{ viewer { sync { cursor } } }'), {}, token);
  const query = 'subscription ($after: Cursor) { messageReceived(after: $after) { message { subject } } }';
  let sent = 0;
  const deliver = () =>
    app.control('/deliver', { vendor: 'google', account, from: 'a@example.org', subject: `${sent++}`, text: 'x' });
  const all = () => Array.from({ length: sent }, (_, n) => `${n}`);
  const context = opened.page.context();
  const session = await context.newCDPSession(opened.page);
  await session.send('Network.enable');
  const interruptions = [
    () => opened.page.evaluate(() => (globalThis as Following).follower?.leave()),
    () => app.restart(),
    () => context.setOffline(true),
  ];
  for (const [round, interrupt] of interruptions.entries()) {
    await opened.page.evaluate(follow, [app.url, token, query, viewer.sync.cursor]);
    await expect.poll(async () => (await seen())?.comments).toBeGreaterThan(1);
    await deliver();
    await expect.poll(async () => (await seen())?.received).toEqual(all());
    await interrupt();
    if (round === 2) break;
    await expect.poll(async () => (await seen())?.ends).toBe(round + 1);
    await deliver();
  }
  await deliver();
  await context.setOffline(false);
  await opened.page.evaluate(() => (globalThis as Following).follower?.leave());
  await opened.page.evaluate(follow, [app.url, token, query, viewer.sync.cursor]);
  await expect.poll(async () => new Set((await seen())?.received)).toEqual(new Set(all()));
  expect((await seen())?.received).toEqual(all());
});
