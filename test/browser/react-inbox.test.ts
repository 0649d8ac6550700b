import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenPage, openPage } from '../support/browser.ts';
import { type Program, startProgram } from '../support/program.ts';

/** examples/react-inbox as `npm run example:react` serves it, against the sandbox. */

let program: Program;
let vite: { close(): Promise<void>; resolvedUrls: { local: string[] } | null };
let opened: OpenPage;
beforeAll(async () => {
  program = await startProgram();
  process.env.VITE_POSTERN_URL = program.url;
  const { createServer } = await import('vite');
  const server = { host: '127.0.0.1', port: 0 };
  vite = await (await createServer({ root: 'examples/react-inbox', logLevel: 'warn', server })).listen();
  opened = await openPage('about:blank');
  // Each socket of the page goes through here, so that a test can end one as the gateway does when its token runs out.
  await opened.page.routeWebSocket(/graphql/, (socket) => {
    const gateway = socket.connectToServer();
    sockets.push(() => {
      gateway.close();
      return socket.close({ code: 4403, reason: 'Forbidden' });
    });
  });
  await opened.page.goto(vite.resolvedUrls?.local[0] ?? '');
});
afterAll(async () => {
  await opened?.close();
  await vite?.close();
  await program?.stop();
});

const sockets: (() => Promise<void>)[] = [];
const mails = () => opened.page.locator('.mail');
const subjects = () => opened.page.locator('.subject').allTextContents();
const deliver = (subject: string) =>
  program.control('/deliver', { vendor: 'google', from: 'ada@example.org', subject, text: 'x' });

it('lists both accounts, and loads more as it is scrolled', async () => {
  await mails().first().waitFor();
  await expect.poll(() => mails().count()).toBeGreaterThanOrEqual(25);
  const before = await mails().count();
  await opened.page.getByRole('button', { name: 'More' }).scrollIntoViewIfNeeded();
  await expect.poll(() => mails().count()).toBeGreaterThan(before);
  expect(new Set(await opened.page.locator('.provider').allTextContents()).size).toBe(2);
});

it('shows mail that arrives while it is scrolled, and moves neither the rows in sight nor the focus', async () => {
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

it('skips nothing and doubles nothing when it pages on afterwards', async () => {
  const { page } = opened;
  for (;;) {
    const more = page.getByRole('button', { name: 'More' });
    if ((await mails().count()) >= 90 || (await more.count()) === 0) break;
    const count = await mails().count();
    await more.scrollIntoViewIfNeeded();
    await expect.poll(async () => (await mails().count()) > count || (await more.count()) === 0).toBe(true);
  }
  const times = await page.locator('.mail time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')));
  expect([...times].sort().reverse()).toEqual(times);
  const shown = await page.locator('.mail').evaluateAll((all) => all.map((one) => one.textContent));
  const own = shown.filter((text) => !text?.includes('Just in'));
  expect(new Set(own).size).toBe(own.length);
});

it('comes back with its last cursor when its token has run out: nothing is missed, nothing told twice', async () => {
  await opened.page.evaluate(() => scrollTo(0, 0));
  const ended = sockets.length;
  await sockets.at(-1)?.();
  await deliver('While it was away');
  await expect.poll(async () => (await subjects())[0]).toBe('While it was away');
  await deliver('And after');
  await expect.poll(async () => (await subjects()).slice(0, 2)).toEqual(['And after', 'While it was away']);
  expect(sockets.length).toBeGreaterThan(ended);
  expect((await subjects()).filter((subject) => subject === 'While it was away')).toHaveLength(1);
});

it('opens a conversation, marks the mail as read at once, and gives the focus back', async () => {
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

it('takes back what could not be changed, and says why; a failed account says so above the list', async () => {
  const { page, complaints } = opened;
  const row = page.locator('.row').first();
  expect(complaints).toEqual([]);
  await program.control('/faults', { vendor: 'google', status: 503 });
  await row.getByRole('button', { name: 'Read', exact: true }).click();
  await row.getByRole('alert').waitFor();
  expect(await row.getAttribute('class')).not.toContain('unread');
  await page.reload();
  await expect.poll(() => page.locator('main > [role="alert"]').textContent()).toContain('demo@gmail.example: ');
  await program.control('/faults', undefined, 'DELETE');
});

it('fits a phone', async () => {
  await opened.page.setViewportSize({ width: 390, height: 844 });
  expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
