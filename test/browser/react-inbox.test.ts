import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { freePort } from '../support/app/port.ts';
import { type OpenPage, openPage } from '../support/clients/browser.ts';

/**
 * examples/react-inbox as `npm run example:react` serves it, with the sandbox. Its access tokens expire during the
 * test, and the browser's clock is slow by more than their lifetime.
 */

const ACCESS_TOKEN_SECONDS = 10;

let app: TestApp;
let vite: { close(): Promise<void>; resolvedUrls: { local: string[] } | null };
let opened: OpenPage;
beforeAll(async () => {
  // The test's own token has the ordinary lifetime.
  const sessionTimes = { accessTokenSeconds: 15 * 60 };
  const port = await freePort();
  app = await startApp({ sessionTimes, env: { CORS_ORIGINS: `http://127.0.0.1:${port}` } });
  // More mail of one second than fits on a page. Its order is that of the providers and cannot be derived from times.
  const receivedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000).toISOString();
  for (let count = 0; count < 40; count++)
    for (const vendor of ['google', 'microsoft'])
      await app.control('/deliver', {
        vendor,
        from: 'ada@example.org',
        subject: `Moment ${count}`,
        text: 'x',
        receivedAt,
      });
  sessionTimes.accessTokenSeconds = ACCESS_TOKEN_SECONDS;
  process.env.VITE_POSTERN_URL = app.url;
  const { createServer } = await import('vite');
  const server = { host: '127.0.0.1', port, strictPort: true };
  vite = await (await createServer({ root: 'examples/react-inbox', logLevel: 'warn', server })).listen();
  opened = await openPage('about:blank');
  await opened.page.addInitScript((slowMs) => {
    const now = Date.now;
    Date.now = () => now() - slowMs;
  }, ACCESS_TOKEN_SECONDS * 2_000);
  await opened.page.routeWebSocket(/graphql/, async (socket) => {
    await mayConnect;
    const gateway = socket.connectToServer();
    gateway.onClose((code, reason) => {
      closed.push(code);
      // Playwright closes a page's socket only if both are given.
      void socket.close({ code: code ?? 1000, reason: reason ?? '' });
    });
  });
  opened.page.on('request', (request) => {
    if (request.postDataJSON()?.operationName === 'InboxPage') listsRead++;
  });
  await opened.page.goto(vite.resolvedUrls?.local[0] ?? '');
});
afterAll(async () => {
  await opened?.close();
  await vite?.close();
  await app?.close();
});

/** The code with which the gateway closed each socket of the page. */
const closed: (number | undefined)[] = [];
/** Every new socket of the page waits for this. */
let mayConnect: Promise<void> = Promise.resolve();
let listsRead = 0;
const mails = () => opened.page.locator('.mail');
const subjects = () => opened.page.locator('.subject').allTextContents();
const readInbox = async () => {
  const query =
    graphql(`query ($after: Cursor) { viewer { messages(first: 100, after: $after, filter: { role: INBOX }) {
    nodes { receivedAt subject } pageInfo { hasNextPage endCursor } } } }`);
  const page = (after: string | null) => app.data(query, { after });
  const nodes: { receivedAt: string; subject: string }[] = [];
  for (let after: string | null = null; ; ) {
    const { viewer }: Awaited<ReturnType<typeof page>> = await page(after);
    const { messages } = viewer;
    nodes.push(...messages.nodes);
    if (!messages.pageInfo.hasNextPage) return nodes;
    after = messages.pageInfo.endCursor;
  }
};
const deliver = (subject: string, vendor = 'google') =>
  app.control('/deliver', { vendor, from: 'ada@example.org', subject, text: 'x' });

it('lists both accounts, and loads more as it is scrolled', async () => {
  await mails().first().waitFor();
  await expect.poll(() => mails().count()).toBeGreaterThanOrEqual(25);
  const before = await mails().count();
  await opened.page.getByRole('button', { name: 'More' }).scrollIntoViewIfNeeded();
  await expect.poll(() => mails().count()).toBeGreaterThan(before);
  expect(new Set(await opened.page.locator('.provider').allTextContents()).size).toBe(2);
});

it('shows mail that arrives while it is scrolled, and moves neither the visible rows nor the focus', async () => {
  const { page } = opened;
  const row = page.locator('.row').nth(20);
  const text = await row.textContent();
  await row.locator('.mail').focus();
  await row.scrollIntoViewIfNeeded();
  const top = async () => Math.round((await page.locator('.mail:focus').boundingBox())?.y ?? -1);
  const at = await top();
  await expect.poll(async () => (await deliver('Just in')) && (await subjects())[0], { interval: 500 }).toBe('Just in');
  expect(await page.locator('.row', { has: page.locator('.mail:focus') }).textContent()).toBe(text);
  expect(Math.abs((await top()) - at)).toBeLessThan(4);
});

it('skips nothing and repeats nothing when it loads more afterwards', async () => {
  const { page } = opened;
  for (;;) {
    const more = page.getByRole('button', { name: 'More' });
    if ((await more.count()) === 0) break;
    const count = await mails().count();
    // The button may disappear while it is scrolled to. The end of the page does not.
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await expect.poll(async () => (await mails().count()) > count || (await more.count()) === 0).toBe(true);
  }
  const shown = await page
    .locator('.mail')
    .evaluateAll((all) =>
      all.map((one) => [one.querySelector('time')?.dateTime, one.querySelector('.subject')?.textContent]),
    );
  expect(shown).toEqual((await readInbox()).map(({ receivedAt, subject }) => [receivedAt, subject]));
});

it('resumes with its last cursor when its token has expired: no mail is missed, none shown twice', async () => {
  await opened.page.evaluate(() => scrollTo(0, 0));
  const [before, read] = [closed.length, listsRead];
  let connect = () => {};
  mayConnect = new Promise((resolve) => {
    connect = resolve;
  });
  await expect.poll(() => closed.slice(before)).toEqual([4403]);
  const away = ['While it was away', 'And again', 'And in the other account'];
  for (const subject of away) await deliver(subject, subject === away[2] ? 'microsoft' : 'google');
  const newest = async () =>
    (await readInbox())
      .slice(0, 3)
      .map(({ subject }) => subject)
      .sort();
  await expect.poll(newest).toEqual([...away].sort());
  connect();
  await expect.poll(async () => (await subjects()).slice(0, 3).sort()).toEqual([...away].sort());
  await deliver('And after');
  await expect.poll(async () => (await subjects())[0]).toBe('And after');
  for (const subject of away) expect((await subjects()).filter((one) => one === subject)).toHaveLength(1);
  // The list was not read again, so the subscription has announced the mail.
  expect(listsRead).toBe(read);
});

it('opens a conversation, marks the mail as read at once, and restores the focus', async () => {
  const { page } = opened;
  const row = page.locator('.row').first();
  expect(await row.getAttribute('class')).toContain('unread');
  await row.locator('.mail').press('Enter');
  await expect.poll(() => page.locator('dialog article').count()).toBe(1);
  expect(await row.getAttribute('class')).not.toContain('unread');
  for (const frame of await page.locator('dialog iframe').all())
    expect(await frame.getAttribute('sandbox')).toBe('allow-popups');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  expect(await row.locator('.mail').evaluate((element) => element === document.activeElement)).toBe(true);
});

it('shows in a conversation what has arrived since it was last opened, and what arrives while it is open', async () => {
  const { page } = opened;
  const messageId = `<${Date.now()}@example.org>`;
  const articles = () => page.locator('dialog article').allTextContents();
  const letter = { vendor: 'google', from: 'ada@example.org', subject: 'Tomorrow', text: 'x' };
  const answer = { ...letter, subject: 'Re: Tomorrow', inReplyTo: [messageId], references: [messageId] };
  await app.control('/deliver', { ...letter, messageId });
  await expect.poll(async () => (await subjects())[0]).toBe('Tomorrow');
  await mails().first().press('Enter');
  await expect.poll(articles).toHaveLength(1);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });

  // The list gets no event for mail that another program has already archived.
  await app.control('/deliver', { ...answer, text: 'Gladly', mailbox: 'archive' });
  await mails().first().press('Enter');
  await expect.poll(articles).toEqual([expect.anything(), expect.stringContaining('Gladly')]);
  await app.control('/deliver', { ...answer, text: 'At noon' });
  await expect.poll(articles).toEqual([expect.anything(), expect.anything(), expect.stringContaining('At noon')]);
  await page.keyboard.press('Escape');
});

it('reverts a change that failed, and says why; a failed account says so above the list', async () => {
  const { page, complaints } = opened;
  const row = page.locator('.row').first();
  expect(complaints).toEqual([]);
  const before = await row.getAttribute('class');
  await app.control('/faults', { vendor: 'google', status: 503 });
  await row.getByRole('button', { name: 'Read', exact: true }).click();
  await row.getByRole('alert').waitFor();
  expect(await row.getAttribute('class')).toBe(before);
  await page.reload();
  await expect.poll(() => page.locator('main > [role="alert"]').textContent()).toContain('demo@gmail.example: ');
  await app.control('/faults', undefined, 'DELETE');
});

it('fits a phone, however long a name, a subject and a filename are', async () => {
  const { page } = opened;
  await page.setViewportSize({ width: 390, height: 844 });
  const long = 'x'.repeat(200);
  const attachments = [{ filename: `${long}.txt`, contentBase64: 'eA==' }];
  const letter = { from: `${long} <ada@example.org>`, subject: long, text: long, attachments };
  await app.control('/deliver', { vendor: 'google', ...letter });
  await expect.poll(async () => (await subjects())[0]).toBe(long);
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  expect(await width()).toBe(390);
  await mails().first().press('Enter');
  const dialog = page.locator('dialog');
  await dialog.locator('article').waitFor();
  expect(await dialog.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
  expect(await width()).toBe(390);
});
