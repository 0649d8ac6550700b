import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import { type OpenPage, openPage } from '../support/clients/browser.ts';

/** A browser's own HTTP cache, which revalidates what it has stored without a word of the page. */
let app: TestApp;
let opened: OpenPage;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0, env: { HTTP_REVALIDATION: 'on', CACHE_BYTES: '67108864' } });
  opened = await openPage(app.url);
});
afterAll(async () => {
  await opened?.close();
  await app?.close();
});

it('stores an answer, and asks each time whether it is still right', async () => {
  const [ada, bob] = [await app.user('ada'), await app.user('bob')];
  const url = `${app.url}/graphql?${new URLSearchParams({ query: '{ viewer { email } }' })}`;
  const session = await opened.page.context().newCDPSession(opened.page);
  await session.send('Network.enable');
  // What came over the network, and not what the page is told. The two events of a request come in any order.
  const sent: string[] = [];
  const statusOf = new Map<string, number>();
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url === url) sent.push(requestId);
  });
  session.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => statusOf.set(requestId, statusCode));
  const statuses = () => sent.map((requestId) => statusOf.get(requestId));
  const read = (token: string) =>
    opened.page.evaluate(
      async ([from = '', authorization = '']) => {
        const response = await fetch(from, { headers: { authorization } });
        return { status: response.status, text: await response.text() };
      },
      [url, `Bearer ${token}`],
    );
  const first = await read(ada.token);
  expect(first.text).toContain(ada.email);
  expect(await read(ada.token)).toEqual(first);
  expect((await read(bob.token)).text).toContain(bob.email);
  expect(await read(ada.token)).toEqual(first);
  await expect.poll(statuses).toEqual([200, 304, 200, 200]);
});
