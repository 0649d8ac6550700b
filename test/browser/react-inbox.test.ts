import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenPage, openPage, tabTo } from '../support/browser.ts';
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
  opened = await openPage(vite.resolvedUrls?.local[0] ?? '');
});
afterAll(async () => {
  await opened?.close();
  await vite?.close();
  await program?.stop();
});

it('lists, pages, marks as read, and shows mail as it arrives', async () => {
  const { page, complaints } = opened;
  const mails = page.locator('.mail');
  await mails.first().waitFor();
  await expect.poll(() => mails.count()).toBe(25);
  expect(new Set(await page.locator('.provider').allTextContents()).size).toBe(2);

  await tabTo(page.getByRole('button', { name: 'More' }));
  await page.keyboard.press('Enter');
  await expect.poll(() => mails.count()).toBe(50);

  let delivered = 0;
  let first = '';
  await expect
    .poll(
      async () => {
        const subject = `Just in ${++delivered}.`;
        await program.control('/deliver', { vendor: 'google', from: 'ada@example.org', subject, text: 'x' });
        first = (await mails.first().textContent()) ?? '';
        return first;
      },
      { interval: 500 },
    )
    .toContain('Just in');
  // By its subject: those that were delivered while this one was on its way come to stand before it.
  const newest = mails.filter({ hasText: /Just in \d+\./.exec(first)?.[0] ?? '' });
  expect(await newest.getAttribute('aria-pressed')).toBe('false');
  await newest.press('Enter');
  await expect.poll(() => newest.getAttribute('aria-pressed')).toBe('true');
  expect(complaints).toEqual([]);
});
