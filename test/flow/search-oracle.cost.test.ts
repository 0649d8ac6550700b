import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { Page } from '../support/clients/answer.ts';
import { upstream } from '../support/clients/upstream.ts';

/** What the dearest searches cost in accounts of 3,000 mails each, counted in the emulators' own log. Nothing here is a time. */
const MESSAGES = 3_000;
/** Gmail's quota is for a minute and an account: so many alike are asked in turn. */
const GMAILS = 4;
let app: TestApp;
let token = '';
const integrations: Record<'GMAIL' | 'OUTLOOK', string[]> = { GMAIL: [], OUTLOOK: [] };
beforeAll(async () => {
  app = await startApp({ demo: false, unannounced: true, messages: 0, batchWidth: 50 });
  ({ token } = await app.user('cost'));
  const open = async (provider: 'GMAIL' | 'OUTLOOK', vendor: string, address: string) => {
    await app.control('/accounts', { vendor, address, messages: MESSAGES });
    integrations[provider].push(await app.connect(token, provider, address));
  };
  for (let n = 0; n < GMAILS; n += 1) await open('GMAIL', 'google', `cost${n}@gmail.example`);
  await open('OUTLOOK', 'microsoft', 'cost@outlook.example');
});
afterAll(() => app?.close());

interface Cost {
  readonly units: number;
  readonly requests: number;
  readonly nodes: number;
  readonly evaluation: string | null;
  readonly after: string | null;
}

async function costOf(
  integration: string,
  kind: string,
  args: Record<string, unknown>,
  after: string | null,
): Promise<Cost> {
  await app.control('/log', undefined, 'DELETE');
  const { node } = await app.data<{ node: Record<string, Page<unknown>> }>(
    `query ($id: ID!, $search: String, $filter: MessageFilter, $after: Cursor) { node(id: $id) { ... on Integration {
      ${kind}(first: 25, search: $search, filter: $filter, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } sources { evaluation state problem { code message } } } } } }`,
    { id: integration, search: null, filter: null, after, ...args },
    token,
  );
  const asked = await upstream(app);
  const { nodes, pageInfo, sources } = node[kind] as Page<unknown>;
  expect(sources.map(({ state, problem }) => problem?.message ?? state)).toEqual(['COMPLETE']);
  return {
    units: asked.reduce((sum, { units }) => sum + units, 0),
    requests: asked.filter(({ operation }) => !/batch/i.test(operation)).length,
    nodes: nodes.length,
    evaluation: sources[0]?.evaluation ?? '',
    after: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  };
}

/** The budget is 500 messages or as many units as reading them costs, beside the page itself. */
const MAX_UNITS = { GMAIL: 500 * 5 + 600, OUTLOOK: 40 };
const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const words = (count: number) => Array.from({ length: count }, (_, n) => `absent${n}`);
interface Dear {
  readonly search?: string;
  readonly filter?: Record<string, unknown>;
  /** So much of it is near the top that both pages are full. */
  readonly fills?: boolean;
  /** Units at Gmail and requests at Outlook for each of the first two pages. */
  readonly most: { readonly GMAIL: number; readonly OUTLOOK: number };
  /** It has a page's worth, which has to come on the first page. */
  readonly isFull?: boolean;
}
/** A list, and its page read. */
const NATIVE = { GMAIL: 600, OUTLOOK: 35 };

const SENDERS = 'northwind ada grace linus alan edsger barbara donald ken dennis margaret tim'.split(' ');

const DEAR: Readonly<Record<string, Dear>> = {
  'nothing but signs': { search: '%%', most: { GMAIL: 0, OUTLOOK: 0 } },
  'a value of signs': { filter: { subject: '%%' }, most: { GMAIL: 0, OUTLOOK: 0 } },
  'nothing, by two parts': { filter: { or: [] }, most: { GMAIL: 0, OUTLOOK: 0 } },
  'a flag and its opposite': { search: 'is:read is:unread', most: { GMAIL: 0, OUTLOOK: 0 } },
  'after later than before': { search: 'after:2026-02-01 before:2026-01-01', most: { GMAIL: 0, OUTLOOK: 0 } },
  'a word and its negation': { search: 'the -the', most: { GMAIL: 0, OUTLOOK: 0 } },
  'a recipient and its negation, in alternatives': {
    search: '(to:example OR from:northwind) -to:example -from:northwind',
    most: { GMAIL: 0, OUTLOOK: 0 },
  },
  'a date in an or': { filter: { or: [{ receivedBefore: day(300) }, { isStarred: true }] }, most: NATIVE },
  'a date in a not': { filter: { not: { receivedAfter: day(300) } }, most: NATIVE },
  'flags in a not': { filter: { not: { or: [{ isRead: true }, { isStarred: true }] } }, most: NATIVE },
  'a negated word': { search: '-invoice', fills: true, most: NATIVE },
  'a negated word that nobody says': { search: '-qqqabsent', most: NATIVE },
  'a word that nobody says': { search: 'qqqabsent', most: { GMAIL: 50, OUTLOOK: 10 } },
  'a sender who wrote nothing': { search: 'from:nobody@absent.example', most: { GMAIL: 50, OUTLOOK: 15 } },
  'a negated word of a sender who wrote nothing': {
    search: '-invoice from:qqqabsent',
    most: { GMAIL: 50, OUTLOOK: 15 },
  },
  'not a sender': { search: '-from:northwind', most: MAX_UNITS },
  'recipients and nothing else': { search: 'to:nobody@absent.example', most: { GMAIL: 50, OUTLOOK: 15 } },
  // As a person it is the account itself to Gmail, which is therefore asked for the word in all of a message.
  'me among recipients': { search: 'to:me', most: { ...MAX_UNITS, OUTLOOK: 15 } },
  'half a subject under a not': { search: '-subject:invoice is:starred', most: MAX_UNITS },
  'more recipients than one query has room for': {
    filter: { or: words(48).map((name) => ({ to: `${name}@some-example.example.org` })) },
    most: { GMAIL: 50, OUTLOOK: 15 },
  },
  'a word that everybody says': { search: 'the', fills: true, most: NATIVE },
  'a sender who writes much': { search: 'from:northwind', fills: true, most: NATIVE },
  'many branches': { search: words(10).join(' OR '), most: { GMAIL: 300, OUTLOOK: 40 } },
  'deep or and not': {
    search: `(${words(3).join(' OR ')}) (${words(3).join(' OR ')}) -(${words(3).join(' ')}) OR from:absent is:unread`,
    most: MAX_UNITS,
  },
  'words and what is checked, either': {
    search: '(qqqabsent is:starred) OR (from:absent after:2020-01-01)',
    most: MAX_UNITS,
  },
  // What a search brings beside what a filter brings: each costs what it costs alone, and the page is full.
  'a flag or a sender who wrote nothing': { search: 'is:starred OR from:absent', most: NATIVE, isFull: true },
  'a date or a sender': { filter: { or: [{ receivedAfter: day(2) }, { from: 'absent' }] }, most: NATIVE },
  'a mailbox or a recipient': { search: 'in:sent OR to:absent', most: NATIVE, isFull: true },
  'trash or a sender': { search: 'in:trash OR from:absent', most: NATIVE, isFull: true },
  'unions side by side': {
    search: '(is:starred OR subject:invoice) (in:sent OR from:absent) OR is:important',
    most: NATIVE,
  },
  'a flag or a sender of much': { search: 'is:starred OR from:northwind', most: MAX_UNITS, isFull: true },
  'alternatives that differ in their words': {
    search: words(12)
      .map((word) => `(${word} -from:northwind)`)
      .join(' OR '),
    most: { GMAIL: 50, OUTLOOK: 10 },
  },
  'alternatives of different words, each without another sender': {
    search: [
      'invoice',
      'meeting',
      'report',
      'lunch',
      'order',
      'photos',
      'draft',
      'budget',
      'release',
      'flight',
      'plan',
      'week',
    ]
      .map((word, n) => `(${word} -from:${SENDERS[n]})`)
      .join(' OR '),
    fills: true,
    most: { GMAIL: 3_600, OUTLOOK: 45 },
  },
  'trash or a word': { search: 'in:trash OR qqqabsent', most: MAX_UNITS },
};

const cases = Object.entries(DEAR).flatMap(([name, dear]) =>
  (['GMAIL', 'OUTLOOK'] as const).flatMap((provider) =>
    (['messages', 'threads'] as const).map((kind) => ({ name, provider, kind, dear })),
  ),
);

let turn = 0;
it.each(cases)(
  'bounds $name: $kind at $provider',
  async ({ provider, kind, dear: { most, fills, isFull, ...args } }) => {
    // A page of threads reads its 25 whole.
    const wholeThreads = kind === 'threads' && most[provider] > 0 ? { GMAIL: 25 * 10 + 600, OUTLOOK: 60 }[provider] : 0;
    const bound = most[provider] + wholeThreads;
    const own = integrations[provider];
    const integration = own[turn++ % own.length] ?? '';
    let after: string | null = null;
    for (let page = 0; page < 2; page += 1) {
      const cost = await costOf(integration, kind, args, after);
      const { units, requests, nodes, evaluation } = cost;
      const spent = provider === 'GMAIL' ? units : requests;
      const told = `page ${page}: ${nodes} found by ${requests} requests, ${units} units, ${evaluation}`;
      expect(spent, told).toBeLessThanOrEqual(bound);
      if (fills || (isFull && page === 0)) expect(nodes, told).toBe(25);
      if (cost.after !== null && nodes < 25) expect(evaluation, told).toBe('TRUNCATED');
      after = cost.after;
      if (after === null) break;
    }
  },
);

const UNIONS = [
  ['is:starred', 'from:absent'],
  ['in:sent', 'to:absent'],
  ['in:trash', 'subject:qqqabsent'],
  ['is:starred', 'from:northwind'],
  ['before:2020-01-01', 'from:absent'],
] as const;
it.each(
  UNIONS.flatMap(([filter, search]) => (['messages', 'threads'] as const).map((kind) => ({ filter, search, kind }))),
)('costs no more than both alone: $filter OR $search, $kind at OUTLOOK', async ({ filter, search, kind }) => {
  const [outlook = ''] = integrations.OUTLOOK;
  const requests = async (asked: string) => {
    const { requests, nodes } = await costOf(outlook, kind, { search: asked }, null);
    return { requests, nodes };
  };
  const [one, other, both] = [await requests(filter), await requests(search), await requests(`${filter} OR ${search}`)];
  // Where trash lies is asked for beside both.
  expect(both.requests).toBeLessThanOrEqual(one.requests + other.requests + 2);
  expect(both.nodes).toBeGreaterThanOrEqual(Math.max(one.nodes, other.nodes));
});

/** Each may read this much for a page of 25, whatever others of its request have read. */
const OF_EACH = 4 * 26 * 5;
it('bounds many searches in one request together', async () => {
  const searches = 12;
  await app.control('/accounts', { vendor: 'google', address: 'many@gmail.example', messages: MESSAGES });
  const id = await app.connect(token, 'GMAIL', 'many@gmail.example');
  await app.control('/log', undefined, 'DELETE');
  const lists = words(searches).map(
    (word) => `${word}: messages(first: 25, search: "to:me -subject:${word}") {
      nodes { id } pageInfo { hasNextPage endCursor } sources { evaluation problem { code } } }`,
  );
  const { node } = await app.data<{ node: Record<string, Page<unknown>> }>(
    `query ($id: ID!) { node(id: $id) { ... on Integration { ${lists.join('\n')} } } }`,
    { id },
    token,
  );
  const { totals } = await app.control<{ totals: { units: number } }>('/log');
  expect(totals.units).toBeLessThanOrEqual(MAX_UNITS.GMAIL + searches * OF_EACH);
  for (const { pageInfo, sources } of Object.values(node)) {
    expect(pageInfo.hasNextPage).toBe(true);
    expect(sources).toEqual([{ evaluation: 'TRUNCATED', problem: null }]);
  }
  // And each goes on alone.
  const { after, evaluation, nodes } = await costOf(
    id,
    'messages',
    { search: 'to:me -subject:absent7' },
    node.absent7?.pageInfo.endCursor ?? '',
  );
  expect({ after, evaluation, nodes }).toEqual({ after: null, evaluation: 'FILTERED', nodes: 0 });
});
