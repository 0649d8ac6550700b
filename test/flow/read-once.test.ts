import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { Page } from '../support/clients/answer.ts';
import { outer, upstream } from '../support/clients/upstream.ts';

/**
 * One request reads everything once, wherever and however often its query selects it. Counted in the emulators' own
 * log.
 */
let app: TestApp;
let inboxes: { id: string; provider: string; mailbox: string }[];
beforeAll(async () => {
  app = await startApp();
  const { viewer } = await app.data(
    graphql(
      `{ viewer { integrations { id provider { id } mailbox(role: INBOX) { id } } } messages: viewer { messages(first: 1) { nodes { id } } } }`,
    ),
  );
  inboxes = viewer.integrations.map((i) => ({ id: i.id, provider: i.provider.id, mailbox: i.mailbox.id }));
});
afterAll(() => app.close());

interface Mail {
  readonly id: string;
  readonly body: { readonly text: string };
}
/** Lists of mail by alias. */
type Lists = Record<string, Page<Mail>>;

/** Returns what a query costs: its requests to the providers, and Gmail's quota units. */
async function cost<T = { viewer: Lists }>(document: string, variables: Record<string, unknown> = {}) {
  await app.control('/log', undefined, 'DELETE');
  const data = await app.data<T>(document, variables);
  const all = await upstream(app);
  const units = all.filter(({ vendor }) => vendor === 'google').reduce((sum, request) => sum + request.units, 0);
  return { data, requests: outer(all).sort(), units, all };
}
const aliases = (count: number, field: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => `a${n}: ${field(n)}`).join('\n');
const NODE = 'nodes { id subject receivedAt }';

it.each([
  ['messages', 'viewer', `messages(first: 10) { ${NODE} }`],
  ['a search', 'viewer', `messages(first: 10, search: "is:unread") { ${NODE} }`],
  ['a search that is filtered here', 'viewer', `messages(first: 10, filter: { not: { from: "nobody" } }) { ${NODE} }`],
  ['threads', 'viewer', 'threads(first: 10) { nodes { id subject } }'],
  ['drafts', 'viewer { integrations', 'drafts(first: 10) { nodes { id version } }'],
  ['identities', 'viewer { integrations', 'identities { address }'],
  ['mailboxes with their counts', 'viewer { integrations', 'mailboxes { nodes { name totalMessages unreadMessages } }'],
  ['one mailbox', 'viewer { integrations', `mailbox(role: INBOX) { unreadMessages messages(first: 5) { ${NODE} } }`],
])('reads %s once under ten aliases', async (_, within, field) => {
  const query = (count: number) =>
    `{ ${within} { ${aliases(count, () => field)} } ${within.includes('{') ? '}' : ''} }`;
  interface Read {
    readonly viewer: Record<string, unknown> & { readonly integrations?: Record<string, unknown>[] };
  }
  const once = await cost<Read>(query(1));
  const often = await cost<Read>(query(10));
  expect(once.requests.length).toBeGreaterThan(0);
  expect(often.requests).toEqual(once.requests);
  expect(often.units).toBe(once.units);
  for (const of of [often.data.viewer.integrations ?? often.data.viewer].flat())
    for (let n = 0; n < 10; n++) expect(of[`a${n}`]).toEqual(of.a0);
});

it('serves shorter pages from the longest, each as long as its own `first`, in whatever order they are selected', async () => {
  const longest = await cost(`{ viewer { messages(first: 50) { ${NODE} } } }`);
  const { data, requests, units } = await cost(
    `{ viewer { ${aliases(10, (n) => `messages(first: ${5 * (n + 1)}) { ${NODE} pageInfo { hasNextPage } }`)} } }`,
  );
  expect(requests).toEqual(longest.requests);
  expect(units).toBe(longest.units);
  for (let n = 0; n < 10; n++) {
    expect(data.viewer[`a${n}`]?.nodes).toEqual(longest.data.viewer.messages?.nodes.slice(0, 5 * (n + 1)));
    expect(data.viewer[`a${n}`]?.pageInfo.hasNextPage).toBe(true);
  }
});

it('recognizes the same list as a search, a filter, a merged list, and a list of one account or mailbox', async () => {
  const alone = await cost(`{ viewer { messages(first: 20, filter: { role: INBOX }) { ${NODE} } } }`);
  const [first, second] = inboxes;
  const { requests, data } = await cost<{
    viewer: Record<'filter' | 'search' | 'both', Page<Mail>>;
    one: { messages: Page<Mail> };
    two: { messages: Page<Mail> };
  }>(
    `query ($first: ID!, $second: ID!) {
      viewer {
        filter: messages(first: 20, filter: { role: INBOX }) { ${NODE} }
        search: messages(first: 20, search: "in:inbox") { ${NODE} }
        both: messages(first: 20, search: "in:inbox", filter: { and: [{ role: INBOX }] }) { ${NODE} }
        integrations { messages(first: 20, filter: { role: INBOX }) { ${NODE} } }
      }
      one: node(id: $first) { ... on Mailbox { messages(first: 20) { ${NODE} } } }
      two: node(id: $second) { ... on Mailbox { messages(first: 20) { ${NODE} } } }
    }`,
    { first: first?.mailbox, second: second?.mailbox },
  );
  // A mailbox id is resolved by listing the mailboxes. Its page of mail must not add a request.
  const lists = (all: readonly string[]) => all.filter((r) => /messages\.list|messages|batch/.test(r));
  expect(lists(requests).filter((r) => r.startsWith('google'))).toEqual(
    lists(alone.requests).filter((r) => r.startsWith('google')),
  );
  expect(requests.filter((r) => r === 'microsoft GET /me/mailFolders/{id}/messages')).toEqual(
    alone.requests.filter((r) => r === 'microsoft GET /me/mailFolders/{id}/messages'),
  );
  expect(data.viewer.search).toEqual(data.viewer.filter);
  expect(data.viewer.both).toEqual(data.viewer.filter);
  const ids = (list: Page<Mail>) => list.nodes.map((n) => n.id);
  expect(new Set(ids(data.viewer.filter))).toEqual(
    new Set(
      ids(data.viewer.filter).filter((id: string) =>
        [...ids(data.one.messages), ...ids(data.two.messages)].includes(id),
      ),
    ),
  );
});

const UNREAD = '{ isRead: false }';
const INBOX = '{ role: INBOX }';
it.each([
  [
    'unread',
    [
      `filter: ${UNREAD}`,
      'search: "is:unread"',
      'search: "-is:read"',
      'search: "-(-is:unread)"',
      `filter: { and: [${UNREAD}] }`,
      'filter: { not: { isRead: true } }',
      `filter: { not: { not: ${UNREAD} } }`,
      `filter: { or: [${UNREAD}, { not: { isRead: true } }] }`,
      `search: "is:unread is:unread", filter: { isRead: false, or: [${UNREAD}, ${UNREAD}] }`,
    ],
  ],
  ['without a star', ['filter: { isStarred: false }', 'search: "-is:starred"', 'filter: { not: { isStarred: true } }']],
  [
    'without a file',
    ['filter: { hasAttachment: false }', 'search: "-has:attachment"', 'filter: { not: { hasAttachment: true } }'],
  ],
  [
    'in the inbox',
    [
      `filter: ${INBOX}`,
      'search: "in:inbox"',
      `filter: { and: [{ and: [${INBOX}] }] }`,
      `filter: { or: [${INBOX}, ${INBOX}] }`,
      `filter: { not: { not: ${INBOX} } }`,
    ],
  ],
  [
    'unread and from an address',
    [
      'filter: { isRead: false, from: "example" }',
      'search: "from:example is:unread"',
      `filter: { or: [{ and: [${UNREAD}, { from: "example" }] }, { and: [{ from: "example" }, { not: { isRead: true } }] }] }`,
      `search: "from:example", filter: { and: [{ or: [{ and: [${UNREAD}, { from: "example" }] }, { and: [{ from: "example" }, ${UNREAD}] }] }] }`,
    ],
  ],
])('reads a list once however its filter is spelled: %s', async (_what, spellings) => {
  const field = (spelling = '') => `messages(first: 20, ${spelling}) { ${NODE} }`;
  const once = await cost(`{ viewer { ${aliases(1, () => field(spellings[0]))} } }`);
  const all = await cost(`{ viewer { ${aliases(spellings.length, (n) => field(spellings[n]))} } }`);
  expect(once.data.viewer.a0?.nodes.length).toBeGreaterThan(0);
  for (const list of Object.values(all.data.viewer)) expect(list).toEqual(once.data.viewer.a0);
  expect(all.requests).toEqual(once.requests);
});

it('recognizes two cursors of one position, and distinguishes other positions', async () => {
  const PAGE = `messages(first: 10) { ${NODE} pageInfo { endCursor } }`;
  const { viewer } = await app.data<{ viewer: Lists }>(`{ viewer { ${aliases(2, () => PAGE)} } }`);
  const after = [viewer.a0?.pageInfo.endCursor, viewer.a1?.pageInfo.endCursor];
  // One position has one cursor.
  expect(after[0]).toBe(after[1]);
  const SECOND = (n: number) => `messages(first: 30, after: "${after[n % 2]}") { ${NODE} }`;
  const once = await cost(`{ viewer { ${aliases(1, SECOND)} } }`);
  const often = await cost(`{ viewer { ${aliases(10, SECOND)} } }`);
  expect(often.requests).toEqual(once.requests);
  expect(often.data.viewer.a9).toEqual(often.data.viewer.a0);
  expect(often.data.viewer.a0?.nodes[0]?.id).not.toBe(viewer.a0?.nodes[0]?.id);
});

it('reads the content of a page once, and shares the list with a longer page without content', async () => {
  const BODY = 'nodes { id body { text } }';
  const once = await cost(`{ viewer { messages(first: 10) { ${BODY} } } }`);
  const often = await cost(
    `{ viewer { ${aliases(5, () => `messages(first: 10) { ${BODY} }`)} envelopes: messages(first: 8) { ${NODE} } } }`,
  );
  expect(often.requests).toEqual(once.requests);
  const lists = ({ all }: { all: { operation: string }[] }) =>
    all.filter(({ operation }) => /^(messages\.list|GET \/me\/messages)$/.test(operation)).length;
  const few = await cost(`{ viewer { few: messages(first: 2) { ${BODY} } many: messages(first: 40) { ${NODE} } } }`);
  expect(lists(few)).toBe(lists(once));
  expect(few.data.viewer.few?.nodes.every((n) => n.body.text.length > 0)).toBe(true);
});

it('reads a draft once that many fields select, and several drafts together', async () => {
  for (const { id, provider } of inboxes) {
    const made: string[] = [];
    for (const subject of ['one', 'two']) {
      const { saveDraft } = await app.data(
        graphql(
          `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id } userErrors { message } } }`,
        ),
        { input: { integration: id, subject, text: 'x' } },
      );
      made.push(saveDraft.draft.id);
    }
    // What follows a change in the background is not counted.
    await app.synced(app.token);
    const FIELDS = '... on Draft { id message { subject } }';
    const once = await cost<unknown>('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: made.slice(0, 1) });
    const often = await cost<{ nodes: { message: { subject: string } }[] }>(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ${FIELDS} } ${aliases(10, (n) => `node(id: "${made[n % 2]}") { ${FIELDS} }`)} }`,
      { ids: made },
    );
    expect([provider, often.requests.length]).toEqual([provider, once.requests.length]);
    expect(often.data.nodes.map((n) => n.message.subject)).toEqual(['one', 'two']);
  }
});

it('shares a failed read as it shares an answer', async () => {
  const LIST = 'messages(first: 10) { nodes { id } sources { state problem { code } } }';
  for (const [vendor, operation] of [
    ['google', 'messages.list'],
    ['microsoft', 'GET /me/messages'],
  ] as const) {
    await app.control('/faults', { vendor, operation, status: 503 });
    // What is remembered of the pages of the account that answers is the same for both.
    await cost(`{ viewer { ${LIST} } }`);
    const once = await cost(`{ viewer { ${aliases(1, () => LIST)} } }`);
    const often = await cost(`{ viewer { ${aliases(10, () => LIST)} } }`);
    await app.control('/faults', undefined, 'DELETE');
    expect(often.requests).toEqual(once.requests);
    for (let n = 0; n < 10; n++)
      expect(often.data.viewer[`a${n}`]?.sources.map((s) => s.problem?.code ?? null).sort()).toEqual(
        ['PROVIDER_UNAVAILABLE', null].sort(),
      );
  }
});

interface Shown {
  readonly isRead: boolean;
  readonly thread: { readonly isUnread: boolean };
  readonly integration: {
    readonly mailbox: { readonly unreadMessages: number };
    readonly messages: { readonly nodes: { readonly id: string; readonly isRead: boolean }[] };
  };
}
interface Changed {
  readonly results: [{ readonly node: Shown }];
}
it('reads a list again after a change in the same operation', async () => {
  for (const { id } of inboxes) {
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { messages(first: 1, filter: { role: INBOX, isRead: true }) { nodes { id } } } } }`,
      ),
      { id },
    );
    const [message] = node.messages.nodes;
    const CHANGE = (isRead: boolean) => `updateMessages(input: { ids: ["${message?.id}"], isRead: ${isRead} }) {
      results { problem { message } node { ... on Message { isRead thread { isUnread } integration {
        mailbox(role: INBOX) { unreadMessages }
        messages(first: 100, filter: { role: INBOX }) { nodes { id isRead } } } } } } }`;
    const { unread, read } = await app.data<Record<'unread' | 'read', Changed>>(
      `mutation { unread: ${CHANGE(false)} read: ${CHANGE(true)} }`,
    );
    const [{ node: before }, { node: after }] = [unread.results[0], read.results[0]];
    const listed = (of: Shown) => of.integration.messages.nodes.find((n) => n.id === message?.id)?.isRead;
    expect([before.isRead, listed(before), before.thread.isUnread]).toEqual([false, false, true]);
    expect([after.isRead, listed(after)]).toEqual([true, true]);
    expect(after.integration.mailbox.unreadMessages).toBe(before.integration.mailbox.unreadMessages - 1);
  }
});
