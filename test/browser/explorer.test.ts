import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenPage, openPage, tabTo } from '../support/browser.ts';
import { type Program, startProgram } from '../support/program.ts';

/** The page that `npm start` serves, with the keyboard only. PICTURE names a file for the README's picture of it. */

let program: Program;
let opened: OpenPage;
let page: Page;
beforeAll(async () => {
  program = await startProgram();
  opened = await openPage(program.url);
  page = opened.page;
});
afterAll(async () => {
  await opened?.close();
  await program?.stop();
});

// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is asserted by what is expected of it
type Data = any;

const shown = async () => (await page.textContent('.result-window'))?.replaceAll('\u00a0', ' ');
const openTab = async (name: string) => {
  await page.keyboard.press('Escape');
  await tabTo(page.locator(`.graphiql-tab-button[title="${name}"]`));
  await page.keyboard.press('Enter');
  await expect.poll(() => page.textContent('.graphiql-query-editor .view-lines')).toMatch(new RegExp(`\\b${name}\\b`));
  await page.getByLabel(/^Execute query/).waitFor(); // nothing runs
  await tabTo(page.locator('.graphiql-query-editor .graphiql-editor'));
  await page.keyboard.press('Enter');
};
/** Runs the open tab; what the gateway answered. */
async function run(operationName: string): Promise<Data> {
  const isAnswer = page.waitForResponse(
    (response) =>
      response.request().postDataJSON()?.operationName === operationName && response.url().endsWith('/graphql'),
  );
  await page.keyboard.press('Control+Enter');
  const { data, errors } = await (await isAnswer).json();
  expect(errors ?? []).toEqual([]);
  return data;
}

it('is signed in as the demo user, and its first query shows the mail of both accounts', async () => {
  await page.waitForSelector('.graphiql-query-editor .view-line');
  expect(await page.textContent('.graphiql-logo')).toContain('demo@postern.test');
  await openTab('Inbox');
  const { nodes, sources } = (await run('Inbox')).viewer.messages;
  const accounts = new Set<string>(nodes.map((node: Data) => node.integration.address));
  expect([...accounts].sort()).toEqual(['demo@gmail.example', 'demo@outlook.example']);
  expect(sources.map((source: Data) => source.state)).toEqual(['COMPLETE', 'COMPLETE']);
  await expect.poll(shown).toContain(nodes[0].from.address);
  if (process.env.PICTURE) await page.screenshot({ path: process.env.PICTURE });
});

it('says what its icons mean', async () => {
  const names = await page.locator('svg title').allTextContents();
  expect(names).toEqual(expect.arrayContaining(['docs icon', 'history icon', 'close icon']));
});

it('explains the schema', async () => {
  await page.keyboard.press('Escape');
  await tabTo(page.getByLabel('Show Documentation Explorer'));
  await page.keyboard.press('Enter');
  await tabTo(page.locator('.graphiql-doc-explorer').getByText('Viewer', { exact: true }).first());
  await page.keyboard.press('Enter');
  await expect.poll(() => page.textContent('.graphiql-doc-explorer')).toContain('the way to everything that is yours');
  await tabTo(page.getByLabel('Hide Documentation Explorer'));
  await page.keyboard.press('Enter');
});

it.each(['Thread', 'Search', 'Send'])('has an example that works: %s', async (name) => {
  await openTab(name);
  const data = await run(name);
  if (name !== 'Send') return expect(Object.values<Data>(data.viewer)[0].nodes).not.toEqual([]);
  expect(data.send.userErrors).toEqual([]);
  // Run again, it shows how far the same submission has come.
  await expect.poll(async () => (await run(name)).send.submission.status).toBe('SENT');
});

it('shows mail as it arrives', async () => {
  await openTab('LiveMail');
  await page.keyboard.press('Control+Enter');
  await expect
    .poll(
      async () => {
        await program.control('/deliver', {
          vendor: 'microsoft',
          from: 'ada@example.org',
          subject: 'Just in',
          text: 'x',
        });
        return shown();
      },
      { interval: 500 },
    )
    .toContain('Just in');
});

it('shows a bad day: one account fails, and the mail of the other is there', async () => {
  await program.control('/faults', { vendor: 'microsoft', status: 503 });
  await openTab('BadDay');
  const { nodes, sources } = (await run('BadDay')).viewer.messages;
  await program.control('/faults', undefined, 'DELETE');
  expect(nodes).toHaveLength(10);
  expect(sources).toMatchObject([
    { integration: { address: 'demo@gmail.example' }, state: 'COMPLETE', problem: null },
    { integration: { address: 'demo@outlook.example' }, state: 'FAILED', problem: { code: 'PROVIDER_UNAVAILABLE' } },
  ]);
});

it('complains about nothing, and asks nobody but the gateway', () => {
  expect(opened.complaints).toEqual([]);
  expect([...opened.origins]).toEqual([new URL(program.url).host]);
});
