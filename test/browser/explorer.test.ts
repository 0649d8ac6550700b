import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/app/program.ts';
import { type AnswerBody, bodyOf } from '../support/clients/answer.ts';
import { type OpenPage, openPage, tabTo } from '../support/clients/browser.ts';

/**
 * The page that `npm start` serves, used by keyboard. PICTURE is a file to which the README's screenshot is written.
 */

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

interface Inbox {
  readonly nodes: { readonly from: { readonly address: string }; readonly integration: { readonly address: string } }[];
  readonly sources: { readonly state: string }[];
}
/** The fields of the answers to the page's operations. */
type Payloads = Record<
  string,
  | {
      readonly userErrors?: unknown[];
      readonly results?: { readonly problem: unknown }[];
      readonly submission?: { readonly status: string };
    }
  | undefined
>;
/** Monaco's editors, as it exposes them to scripts of the page. */
interface EditorWindow {
  readonly __MONACO: {
    readonly editor: {
      getModels(): { uri: { path: string }; getValue(): string; setValue(text: string): void }[];
      getModelMarkers(of: { resource: unknown }): { message: string }[];
    };
  };
}

const shown = async () => (await page.textContent('.result-window'))?.replaceAll('\u00a0', ' ');
const openTab = async (name: string) => {
  await page.keyboard.press('Escape');
  await tabTo(page.locator(`.graphiql-tab-button[title="${name}"]`));
  await page.keyboard.press('Enter');
  await expect.poll(() => page.textContent('.graphiql-query-editor .view-lines')).toMatch(new RegExp(`\\b${name}\\b`));
  await page.getByLabel(/^Execute query/).waitFor(); // No operation is running.
  await tabTo(page.locator('.graphiql-query-editor .graphiql-editor'));
  await page.keyboard.press('Enter');
};
/** Runs the operation of the open tab, and returns what the gateway answered. */
async function run<T>(operationName: string): Promise<T> {
  const isAnswer = page.waitForResponse(
    (response) =>
      response.request().postDataJSON()?.operationName === operationName && response.url().endsWith('/graphql'),
  );
  await page.keyboard.press('Control+Enter');
  const { data, errors } = (await (await isAnswer).json()) as AnswerBody<T>;
  expect(errors ?? []).toEqual([]);
  return data;
}

it('is signed in as the demo user, and shows the mail of both accounts before anything is pressed', async () => {
  await page.waitForSelector('.graphiql-query-editor .view-line');
  expect(await page.textContent('.graphiql-logo')).toContain('demo@postern.test');
  await expect.poll(shown).toContain('"address": "demo@');
  if (process.env.PICTURE) await page.screenshot({ path: process.env.PICTURE });
  await openTab('Inbox');
  const { nodes, sources } = (await run<{ viewer: { messages: Inbox } }>('Inbox')).viewer.messages;
  const accounts = new Set(nodes.map((node) => node.integration.address));
  expect([...accounts].sort()).toEqual(['demo@gmail.example', 'demo@outlook.example']);
  expect(sources.map((source) => source.state)).toEqual(['COMPLETE', 'COMPLETE']);
  await expect.poll(shown).toContain(nodes[0]?.from.address);
});

it('has every tab in sight on a small laptop', async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  const [tabs, last] = [page.locator('.graphiql-tabs'), page.locator('.graphiql-tab').last()];
  const [room, box] = [await tabs.boundingBox(), await last.boundingBox()];
  if (!room || !box) throw new Error('There are no tabs.');
  expect(box.x + box.width).toBeLessThanOrEqual(room.x + room.width + 1);
  await page.setViewportSize({ width: 1400, height: 860 });
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
  await expect.poll(() => page.textContent('.graphiql-doc-explorer')).toContain('everything that belongs to them');
  await tabTo(page.getByLabel('Hide Documentation Explorer'));
  await page.keyboard.press('Enter');
});

/** The operations that the button of each tab offers. */
const OPERATIONS = [
  ['Thread', ['Thread']],
  ['Search', ['Search']],
  ['Send', ['Send']],
  ['Reply', ['Reply', 'WhatToAnswer']],
  ['SendWithUndo', ['SendWithUndo', 'Undo']],
  ['Schedule', ['Schedule', 'Scheduled']],
  ['Organise', ['Organise', 'WhatToOrganise']],
  ['Connect', ['Connect', 'ConnectFlows']],
] as const;
const clickTab = async (name: string) => {
  await page.locator(`.graphiql-tab-button[title="${name}"]`).click();
  await expect.poll(() => page.textContent('.graphiql-query-editor .view-lines')).toMatch(new RegExp(`\\b${name}\\b`));
};
const press = async (operation: string, offered: number) => {
  // The page parses what was written or opened with a delay, and until then the button offers the operations of before.
  const menu = '[aria-haspopup="menu"]';
  await page.locator(`[aria-label^="Execute query"]${offered > 1 ? menu : `:not(${menu})`}`).click();
  if (offered > 1) await page.getByRole('menuitem', { name: operation, exact: true }).click();
};
const answerTo = (operation: string) =>
  page.waitForResponse(
    (response) => response.request().postDataJSON()?.operationName === operation && response.url().endsWith('/graphql'),
  );

it.each(OPERATIONS)('has a tab whose operations all work at the first press: %s', async (tab, operations) => {
  await clickTab(tab);
  for (const operation of operations) {
    const isAnswer = answerTo(operation);
    await press(operation, tab === 'Connect' ? 3 : operations.length);
    const { data, errors } = (await (await isAnswer).json()) as AnswerBody<Payloads>;
    expect([operation, errors ?? []]).toEqual([operation, []]);
    for (const payload of Object.values(data)) expect(payload?.userErrors ?? []).toEqual([]);
    const lists = Object.values((data.viewer ?? {}) as Record<string, { nodes?: unknown[] }>);
    if (data.viewer) expect(lists.flatMap((list) => list.nodes ?? list)).not.toEqual([]);
    for (const { problem } of data.updateMessages?.results ?? []) expect(problem).toBeNull();
    if (data.cancelSubmission) expect(data.cancelSubmission.submission?.status).toBe('CANCELLED');
  }
});

it('says what to paste where it cannot know it, and sends no request', async () => {
  // A tab has the name of the operation that was last run in it.
  await clickTab('ConnectFlows');
  await press('FinishConnect', 3);
  await expect.poll(shown).toContain('"code": "the code that the page has shown"');
});

it('marks what is wrong in the variables, and nothing that is right', async () => {
  await clickTab('Send');
  const variables = () =>
    page.evaluateHandle(() =>
      (globalThis as unknown as EditorWindow).__MONACO.editor
        .getModels()
        .find((one) => one.uri.path.endsWith('variables.json')),
    );
  // The one expected mark shows that the check has run. It must not mark a field that is left out although it has a
  // default, for example.
  await (await variables()).evaluate((model) => {
    const { input } = JSON.parse(model?.getValue() ?? '');
    model?.setValue(JSON.stringify({ input: { ...input, undoSeconds: true } }));
  });
  const marks = async (): Promise<string[]> =>
    (await variables()).evaluate((model) =>
      (globalThis as unknown as EditorWindow).__MONACO.editor
        .getModelMarkers({ resource: model?.uri })
        .map((mark) => mark.message),
    );
  await expect.poll(marks).toEqual([expect.stringContaining('Incorrect type')]);
  expect(await page.locator('.graphiql-query-editor .squiggly-error').count()).toBe(0);
});

it('shows mail as it arrives, and keeps the earlier mail', async () => {
  await openTab('LiveMail');
  await page.keyboard.press('Control+Enter');
  const deliver = async (subject: string) => {
    await program.control('/deliver', { vendor: 'microsoft', from: 'ada@example.org', subject, text: 'x' });
    return shown();
  };
  await expect.poll(() => deliver('Just in'), { interval: 500 }).toContain('Just in');
  await deliver('And then');
  await expect.poll(shown).toMatch(/And then[\s\S]*Just in/);
});

it('shows a bad day: one account fails, and the mail of the other is there', async () => {
  await program.control('/faults', { vendor: 'microsoft', status: 503 });
  await openTab('BadDay');
  const { nodes, sources, ...others } = (await run<{ viewer: { messages: Inbox } }>('BadDay')).viewer.messages;
  expect(others).toEqual({});
  await expect.poll(shown).toMatch(/^[\s\S]{0,80}"sources"/);
  await program.control('/faults', undefined, 'DELETE');
  expect(nodes).toHaveLength(10);
  expect(sources).toMatchObject([
    { integration: { address: 'demo@gmail.example' }, state: 'COMPLETE', problem: null },
    { integration: { address: 'demo@outlook.example' }, state: 'FAILED', problem: { code: 'PROVIDER_UNAVAILABLE' } },
  ]);
});

it('has room on a phone for the query, its button, the variables and the answer', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const part of [
    '.graphiql-query-editor .view-lines',
    '.graphiql-execute-button',
    '.graphiql-editor-tool .monaco-editor',
    '.result-window',
  ]) {
    const box = await page.locator(part).first().boundingBox();
    expect([part, box && box.x >= 0 && box.x + Math.min(box.width, 40) <= 390 && box.y + 40 <= 844]).toEqual([
      part,
      true,
    ]);
  }
  const answer = await page.locator('.result-window').boundingBox();
  expect(answer?.width).toBeGreaterThan(350);
  expect(answer?.height).toBeGreaterThan(250);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

it('fills in what it can once an account is connected, also in tabs that were open before', async () => {
  const session = await (await fetch(`${program.url}/sandbox/session`)).json();
  const { accessToken } = session as { accessToken: string };
  const ask = async <T>(query: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` };
    const init = { method: 'POST', headers, body: JSON.stringify({ query }) };
    return (await bodyOf<T>(await fetch(`${program.url}/graphql`, init))).data;
  };
  const { viewer } = await ask<{ viewer: { integrations: { id: string }[] } }>('{ viewer { integrations { id } } }');
  for (const { id } of viewer.integrations)
    await ask(`mutation { disconnect(input: { integration: "${id}" }) { userErrors { message } } }`);
  const other = await openPage(program.url);
  page = other.page;
  await page.waitForSelector('.graphiql-query-editor .view-line');
  await clickTab('Organise');
  await press('Organise', 2);
  await expect.poll(shown).toContain('"input.ids.0": "the ids of messages');
  await clickTab('Connect');
  const isBegun = answerTo('Connect');
  await press('Connect', 3);
  const { data } = (await (await isBegun).json()) as AnswerBody<{ connect: { authorizationUrl: string } }>;
  await page.goto(data.connect.authorizationUrl);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('status').filter({ hasText: 'is connected' }).waitFor();
  for (const [tab, offered] of [
    ['Send', 1],
    ['Reply', 2],
    ['Organise', 2],
  ] as const) {
    await clickTab(tab);
    const isAnswer = answerTo(tab);
    await press(tab, offered);
    const answer: unknown = await (await isAnswer).json();
    // The account was connected with READ access, so a refusal shows that the ids were filled in.
    expect(JSON.stringify(answer)).toContain('FORBIDDEN');
  }
  expect(other.complaints).toEqual([]);
  await other.close();
});

it('logs no errors, and sends requests to the gateway only', () => {
  expect(opened.complaints).toEqual([]);
  expect([...opened.origins]).toEqual([new URL(program.url).host]);
});
