import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { Page } from '../support/clients/answer.ts';
import { upstream } from '../support/clients/upstream.ts';

/**
 * What the max expensive searches cost in accounts of 3,000 mails each, counted in the emulators' own log. No time is
 * measured.
 */
const MESSAGES = 3_000;
/** Gmail's quota is per minute and account, so several equal accounts are queried in turn. */
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

/** The budget of a search is reading 500 messages, or as many units as that costs, and the page itself. */
const MAX_UNITS = { GMAIL: 500 * 5 + 600, OUTLOOK: 40 };
const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const words = (count: number) => Array.from({ length: count }, (_, n) => `absent${n}`);
interface Expensive {
  readonly search?: string;
  readonly filter?: Record<string, unknown>;
  /** So many of its messages are near the top that both pages are full. */
  readonly fills?: boolean;
  /** Units at Gmail and requests at Outlook for each of the first two pages. */
  readonly max: { readonly GMAIL: number; readonly OUTLOOK: number };
  /** It finds at least one page, which has to come on the first page. */
  readonly isFull?: boolean;
}
/** What it costs to list and read one page. */
const NATIVE = { GMAIL: 600, OUTLOOK: 35 };

const SENDERS = 'northwind ada grace linus alan edsger barbara donald ken dennis margaret tim'.split(' ');

const SEARCHES: Readonly<Record<string, Expensive>> = {
  'nothing but signs': { search: '%%', max: { GMAIL: 0, OUTLOOK: 0 } },
  'a value of signs': { filter: { subject: '%%' }, max: { GMAIL: 0, OUTLOOK: 0 } },
  'nothing, by two parts': { filter: { or: [] }, max: { GMAIL: 0, OUTLOOK: 0 } },
  'a flag and its opposite': { search: 'is:read is:unread', max: { GMAIL: 0, OUTLOOK: 0 } },
  'after later than before': { search: 'after:2026-02-01 before:2026-01-01', max: { GMAIL: 0, OUTLOOK: 0 } },
  'a word and its negation': { search: 'the -the', max: { GMAIL: 0, OUTLOOK: 0 } },
  'a recipient and its negation, in alternatives': {
    search: '(to:example OR from:northwind) -to:example -from:northwind',
    max: { GMAIL: 0, OUTLOOK: 0 },
  },
  'a date in an or': { filter: { or: [{ receivedBefore: day(300) }, { isStarred: true }] }, max: NATIVE },
  'a date in a not': { filter: { not: { receivedAfter: day(300) } }, max: NATIVE },
  'flags in a not': { filter: { not: { or: [{ isRead: true }, { isStarred: true }] } }, max: NATIVE },
  'a negated word': { search: '-invoice', fills: true, max: NATIVE },
  'a negated word that nobody says': { search: '-qqqabsent', max: NATIVE },
  'a word that nobody says': { search: 'qqqabsent', max: { GMAIL: 50, OUTLOOK: 10 } },
  'a sender who wrote nothing': { search: 'from:nobody@absent.example', max: { GMAIL: 50, OUTLOOK: 15 } },
  'a negated word of a sender who wrote nothing': {
    search: '-invoice from:qqqabsent',
    max: { GMAIL: 50, OUTLOOK: 15 },
  },
  'not a sender': { search: '-from:northwind', max: MAX_UNITS },
  'recipients and nothing else': { search: 'to:nobody@absent.example', max: { GMAIL: 50, OUTLOOK: 15 } },
  // Gmail finds a person only by the whole account name, so the gateway searches for the word anywhere in the message.
  'me among recipients': { search: 'to:me', max: { ...MAX_UNITS, OUTLOOK: 15 } },
  'half a subject under a not': { search: '-subject:invoice is:starred', max: MAX_UNITS },
  'more recipients than one query has room for': {
    filter: { or: words(48).map((name) => ({ to: `${name}@some-example.example.org` })) },
    max: { GMAIL: 50, OUTLOOK: 15 },
  },
  'a word that everybody says': { search: 'the', fills: true, max: NATIVE },
  'a sender who writes much': { search: 'from:northwind', fills: true, max: NATIVE },
  'many branches': { search: words(10).join(' OR '), max: { GMAIL: 300, OUTLOOK: 40 } },
  'deep or and not': {
    search: `(${words(3).join(' OR ')}) (${words(3).join(' OR ')}) -(${words(3).join(' ')}) OR from:absent is:unread`,
    max: MAX_UNITS,
  },
  'words and what is checked, either': {
    search: '(qqqabsent is:starred) OR (from:absent after:2020-01-01)',
    max: MAX_UNITS,
  },
  // Alternatives of which one is a search and the other a filter: each costs as much as alone, and the page is full.
  'a flag or a sender who wrote nothing': { search: 'is:starred OR from:absent', max: NATIVE, isFull: true },
  'a date or a sender': { filter: { or: [{ receivedAfter: day(2) }, { from: 'absent' }] }, max: NATIVE },
  'a mailbox or a recipient': { search: 'in:sent OR to:absent', max: NATIVE, isFull: true },
  'trash or a sender': { search: 'in:trash OR from:absent', max: NATIVE, isFull: true },
  'unions side by side': {
    search: '(is:starred OR subject:invoice) (in:sent OR from:absent) OR is:important',
    max: NATIVE,
  },
  'a flag or a sender of much': { search: 'is:starred OR from:northwind', max: MAX_UNITS, isFull: true },
  'alternatives that differ in their words': {
    search: words(12)
      .map((word) => `(${word} -from:northwind)`)
      .join(' OR '),
    max: { GMAIL: 50, OUTLOOK: 10 },
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
    max: { GMAIL: 3_600, OUTLOOK: 45 },
  },
  'trash or a word': { search: 'in:trash OR qqqabsent', max: MAX_UNITS },
};

const cases = Object.entries(SEARCHES).flatMap(([name, expensive]) =>
  (['GMAIL', 'OUTLOOK'] as const).flatMap((provider) =>
    (['messages', 'threads'] as const).map((kind) => ({ name, provider, kind, expensive })),
  ),
);

let turn = 0;
it.each(cases)(
  'bounds $name: $kind at $provider',
  async ({ provider, kind, expensive: { max, fills, isFull, ...args } }) => {
    // A page of threads reads 25 whole threads.
    const wholeThreads = kind === 'threads' && max[provider] > 0 ? { GMAIL: 25 * 10 + 600, OUTLOOK: 60 }[provider] : 0;
    const bound = max[provider] + wholeThreads;
    const own = integrations[provider];
    const integration = own[turn++ % own.length] ?? '';
    let after: string | null = null;
    for (let page = 0; page < 2; page += 1) {
      const cost = await costOf(integration, kind, args, after);
      const { units, requests, nodes, evaluation } = cost;
      const spent = provider === 'GMAIL' ? units : requests;
      const summary = `page ${page}: ${nodes} found by ${requests} requests, ${units} units, ${evaluation}`;
      expect(spent, summary).toBeLessThanOrEqual(bound);
      if (fills || (isFull && page === 0)) expect(nodes, summary).toBe(25);
      if (cost.after !== null && nodes < 25) expect(evaluation, summary).toBe('TRUNCATED');
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
  // The two extra requests find the mailboxes in the trash.
  expect(both.requests).toBeLessThanOrEqual(one.requests + other.requests + 2);
  expect(both.nodes).toBeGreaterThanOrEqual(Math.max(one.nodes, other.nodes));
});

/** What each search may read for a page of 25, however much the others of its request have read. */
const UNITS_PER_SEARCH = 4 * 26 * 5;
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
  expect(totals.units).toBeLessThanOrEqual(MAX_UNITS.GMAIL + searches * UNITS_PER_SEARCH);
  for (const { pageInfo, sources } of Object.values(node)) {
    expect(pageInfo.hasNextPage).toBe(true);
    expect(sources).toEqual([{ evaluation: 'TRUNCATED', problem: null }]);
  }
  // Each list continues on its own.
  const { after, evaluation, nodes } = await costOf(
    id,
    'messages',
    { search: 'to:me -subject:absent7' },
    node.absent7?.pageInfo.endCursor ?? '',
  );
  expect({ after, evaluation, nodes }).toEqual({ after: null, evaluation: 'FILTERED', nodes: 0 });
});
