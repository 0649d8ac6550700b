import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { twinPlaying } from '../support/app/lab.ts';
import type { Page } from '../support/clients/answer.ts';
import { answerIn, openSocket, subscribe } from '../support/clients/socket.ts';
import { outer, upstream } from '../support/clients/upstream.ts';

let app: TestApp;
let accounts: { id: string; address: string; provider: { id: string } }[];
beforeAll(async () => {
  // A silent account is not asked for its changes, which would be among the requests that are counted.
  app = await startApp({ messages: 5, syncTimes: { silenceMs: 600_000 } });
  const { viewer } = await app.data(graphql(`{ viewer { integrations { id address provider { id } } } }`));
  accounts = viewer.integrations;
  expect(accounts.map((account) => account.provider.id).sort()).toEqual(['GMAIL', 'OUTLOOK']);
});
afterAll(() => app.close());

const BODY = 'body { text html isTruncated }';
const LIST = graphql(
  `query ($id: ID!) { node(id: $id) { ... on Integration { messages(first: 20) { nodes { id subject } } } } }`,
);
const MAIL = graphql(
  `query ($id: ID!) { node(id: $id) { ... on Message { id subject snippet body { text html isTruncated } } } }`,
);
const CURSOR = graphql(`query ($id: ID!) { node(id: $id) { ... on Integration { sync { cursor } } } }`);
const SAVE = graphql(
  `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { message { body { text html isTruncated } } } userErrors { code message } } }`,
);

/** Delivers the mail and returns it as the gateway shows it. */
async function delivered({ id, address, provider }: (typeof accounts)[number], subject: string, html: string) {
  const vendor = twinPlaying(provider.id).vendor;
  await app.control('/deliver', { vendor, account: address, from: 'mallory@evil.example', subject, html });
  // The newest message may be another one: a draft that was saved in the same second can come before it.
  const { node } = await app.data(LIST, { id });
  const found = node.messages.nodes.find((one) => one.subject === subject);
  expect(found, `${subject} at ${address}`).toBeDefined();
  return (await app.data(MAIL, { id: found?.id })).node;
}

it('reads, previews and quotes every word of a mail whose elements are never closed', async () => {
  for (const account of accounts) {
    const html = `<p>before</p>${'<b>'.repeat(150_000)}within${'<table><tr><td>'.repeat(500)}<p>after</p>`;
    const mail = await delivered(account, 'open elements', html);
    expect(mail.snippet).toContain('before');
    expect(mail.body.text).toMatch(/before\s+within\s+after/);
    expect(mail.body.html.length).toBeLessThan(5_000);
    expect(mail.body.html.replace(/<[^>]*>/g, ' ')).toMatch(/before\s+within\s+after/);
    expect(mail.body.isTruncated).toBe(false);

    const { saveDraft } = await app.data(SAVE, { input: { integration: account.id, reply: mail.id } });
    expect(saveDraft.userErrors).toEqual([]);
    expect(saveDraft.draft.message.body.html).toContain('after');
    expect(saveDraft.draft.message.body.html).not.toContain('is not quoted here');
  }
});

it('says when a body is truncated, and so does its quotation', async () => {
  for (const account of accounts) {
    const html = `<div><i>${'words '.repeat(340_000)}</i></div>`;
    const mail = await delivered(account, 'too long', html);
    expect(mail.body.isTruncated).toBe(true);
    expect(mail.body.html).toMatch(/<\/i><\/div>$/);
    expect(mail.body.text.length).toBeLessThan(html.length);

    const { saveDraft } = await app.data(SAVE, {
      input: { integration: account.id, reply: mail.id, text: 'Thank you.' },
    });
    expect(saveDraft.userErrors).toEqual([]);
    expect(saveDraft.draft.message.body.text).toContain('The rest of it is not quoted here.');
    expect(saveDraft.draft.message.body.isTruncated).toBe(false);
  }
});

interface Live {
  readonly messageReceived: {
    readonly message: { subject: string; body: { html: string; text: string; isTruncated: boolean } };
  };
}
it('says in an event of new mail when a body is truncated', async () => {
  await app.synced(app.token);
  for (const account of accounts) {
    // The subscription begins at a cursor, because nothing announces that it has started.
    const { node } = await app.data(CURSOR, { id: account.id });
    const live = `subscription ($id: ID!, $after: Cursor) { messageReceived(integrations: [$id], after: $after) { message { subject ${BODY} } } }`;
    const socket = await openSocket(app, app.token);
    await socket.send(subscribe(live, '1', { variables: { id: account.id, after: node.sync.cursor } }));
    const event = async (subject: string) => {
      const of = (message: Parameters<typeof answerIn>[0]) =>
        message.type === 'next' ? answerIn<Live>(message).data.messageReceived.message : undefined;
      return of(await socket.find((message) => of(message)?.subject === subject))
        ?.body as Live['messageReceived']['message']['body'];
    };
    const flat = `<p>${'words '.repeat(850_000)}</p>`;
    const to = { vendor: twinPlaying(account.provider.id).vendor, account: account.address, from: 'm@evil.example' };
    await app.control('/deliver', { ...to, subject: 'short, as an event', html: '<p>short</p>' });
    await app.control('/deliver', { ...to, subject: 'five megabytes, as an event', html: flat });
    expect(await event('short, as an event')).toMatchObject({ isTruncated: false, text: 'short' });
    const body = await event('five megabytes, as an event');
    expect(body.isTruncated).toBe(true);
    expect(body.html).toMatch(/words ?<\/p>$/);
    expect(body.html.length).toBeLessThan(flat.length);
    expect(body.text.length).toBeLessThan(flat.length);
    socket.close();
  }
});

it('sanitizes a body once, however many aliases select it', async () => {
  const [account] = accounts;
  const { id } = await delivered(account as (typeof accounts)[number], 'aliases', `${'<b>'.repeat(150_000)}x`);
  const measure = async (times: number) => {
    const fields = Array.from({ length: times }, (_, index) => `b${index}: body { html }`).join(' ');
    const before = process.cpuUsage();
    const { node } = await app.data<{ node: object }>(
      `query ($id: ID!) { node(id: $id) { ... on Message { ${fields} } } }`,
      { id },
    );
    const { user, system } = process.cpuUsage(before);
    expect(Object.keys(node)).toHaveLength(times);
    return user + system;
  };
  await measure(1);
  const one = Math.max(await measure(1), await measure(1));
  const many = [await measure(40), await measure(40)];
  expect(Math.min(...many)).toBeLessThan(5 * one);
});

it('limits the total length of the bodies of one answer, and refuses the rest', async () => {
  for (const account of accounts) {
    const { id, body } = await delivered(account, 'long', `<p>${'words '.repeat(1_000_000)}</p>`);
    const fields = Array.from({ length: 99 }, (_, index) => `b${index}: body { unsafeHtml text }`).join(' ');
    const { data, errors = [] } = await app.query<{ node: Record<string, { unsafeHtml?: string; text?: string }> }>(
      `query ($id: ID!) { node(id: $id) { ... on Message { ${fields} } } }`,
      { id },
    );
    expect(data.node.b0?.text).toBe(body.text);
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['QUERY_TOO_COMPLEX']));
    const given = Object.values(data.node).flatMap(({ unsafeHtml, text }) => [unsafeHtml ?? '', text ?? '']);
    expect(given.join('').length).toBeLessThanOrEqual(16_000_000);
    expect(given.filter((one) => one !== '').length + errors.length).toBe(2 * 99);
  }
});

interface PartMail {
  readonly id: string;
  readonly subject: string;
  readonly body: { readonly isTruncated: boolean; readonly start: string };
}
it('reads a page of long mails in parts, complete and in order, and a page of short ones at once', async () => {
  const PAGE = `query ($id: ID!, $first: Int!, $search: String) { node(id: $id) { ... on Integration {
    messages(first: $first, search: $search) { nodes { id subject FIELDS } sources { state } } } } }`;
  for (const account of accounts) {
    const to = { vendor: twinPlaying(account.provider.id).vendor, account: account.address, from: 'm@evil.example' };
    for (let n = 0; n < 4; n++) {
      await app.control('/deliver', { ...to, subject: `heavy ${n}`, html: `<p>${n} ${'words '.repeat(800_000)}</p>` });
      await app.control('/deliver', { ...to, subject: `easy ${n}`, html: `<p>${n} words</p>` });
    }
    await app.synced(app.token);
    const read = async (fields: string, variables: object) => {
      await app.control('/log', undefined, 'DELETE');
      const { node } = await app.data<{ node: { messages: Page<PartMail> } }>(PAGE.replace('FIELDS', fields), {
        id: account.id,
        ...variables,
      });
      // No query here reads the names of labels.
      const requests = outer(await upstream(app)).filter(
        (one) => one.startsWith(to.vendor) && one !== 'google labels.list',
      );
      return { ...node.messages, requests };
    };
    const heavy = { first: 4, search: 'subject:heavy' };
    const envelopes = await read('', heavy);
    const long = await read('body { isTruncated start: text }', heavy);
    expect(long.sources).toEqual([{ state: 'COMPLETE' }]);
    expect(long.nodes.map(({ id }) => id)).toEqual(envelopes.nodes.map(({ id }) => id));
    expect(long.nodes).toHaveLength(4);
    for (const { subject, body } of long.nodes) {
      expect(body.isTruncated).toBe(true);
      expect(body.start.slice(0, 7)).toBe(`${subject.slice(-1)} words`);
    }
    const easy = { first: 4, search: 'subject:easy' };
    const short = await read('body { isTruncated text }', easy);
    expect(short.nodes).toHaveLength(4);
    // The gateway checks what Outlook's search finds against envelopes first, so the bodies of a page take one request
    // more.
    const bodies = to.vendor === 'microsoft' ? 1 : 0;
    expect(short.requests).toHaveLength((await read('', easy)).requests.length + bodies);
    // Long mails are read in several requests.
    if (to.vendor === 'microsoft') expect(long.requests.length).toBeGreaterThan(short.requests.length);
  }
});

it('refuses null for an argument with a default as a mistake of the client', async () => {
  const { errors } = await app.query(graphql(`query ($n: Int) { viewer { messages(first: $n) { nodes { id } } } }`), {
    n: null,
  });
  expect(errors?.map(({ extensions, message }) => [extensions.code, message])).toEqual([
    ['BAD_USER_INPUT', 'Argument "first" of non-null type "Int!" must not be null.'],
  ]);
  const input = { integration: accounts[0]?.id, quote: null };
  const draft = await app.query(
    `mutation ($q: Boolean) { saveDraft(input: { integration: "${input.integration}", quote: $q }) { draft { id } } }`,
    { q: null },
  );
  expect(draft.errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
});
