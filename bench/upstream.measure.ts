import type { Totals } from '../sandbox/control/log.ts';
import type { Lab } from './lab/lab.ts';
import { beside, type Measure, type Row } from './measure.ts';
import { naiveGmail } from './naive/gmail.ts';
import { naiveGraph } from './naive/graph.ts';
import { NAIVE_INBOX, NAIVE_THREADS, runNaive, type Sharing } from './naive/naive.ts';
import { accessToken } from './naive/tokens.ts';
import { inboxPage, MAILBOXES, oneMessage, TEN_ALIASES, THREADS_PAGE } from './pages.ts';

/** Both demo accounts, with 1,000 mails each. */
const GMAIL = { provider: 'GMAIL', address: 'demo@gmail.example' } as const;
const OUTLOOK = { provider: 'OUTLOOK', address: 'demo@outlook.example' } as const;

/** The delay of every response. It makes requests that are sent together overlap, which is how waves are recognised. */
const ANSWER_DELAY_MS = 60;
/**
 * A shorter delay for the naive client, whose many waves would otherwise take minutes. One wave more or less does not
 * matter there.
 */
const NAIVE_ANSWER_DELAY_MS = 30;

/**
 * The cost of a page at the providers, as the emulators count it: requests (a batch is one), waves (the longest chain
 * of requests that wait for each other) and quota units of Gmail. It is compared with the naive client.
 */
export const upstream: Measure = {
  name: 'upstream',
  question: 'What does a cold page cost at the providers?',
  async run(bench) {
    const lab = await bench.lab();
    const client = await lab.user([GMAIL, OUTLOOK]);
    const page = (document: string) => counted(lab, ANSWER_DELAY_MS, () => client.query(document));
    const naive = await naiveClient(lab);

    const inbox = await page(inboxPage());
    const named = await page(inboxPage(MAILBOXES));
    const aliased = await page(TEN_ALIASES);
    const threads = await page(THREADS_PAGE);
    const ids = await client.query<{ viewer: { messages: { nodes: { id: string }[] } } }>(inboxPage());
    const one = await page(oneMessage(ids.viewer.messages.nodes.slice(0, 1).map(({ id }) => id)));
    const perField = { what: 'naive, a resolver a field', counts: await naive(NAIVE_INBOX, 'PER_FIELD') };
    const perMessage = { what: 'naive, a get a message', counts: await naive(NAIVE_INBOX, 'PER_MESSAGE') };
    const ofThreads = { what: 'naive, a resolver a field', counts: await naive(NAIVE_THREADS, 'PER_FIELD') };
    return [
      ...rows('inbox of 50', inbox, null, { requests: 3, waves: 2 }),
      ...rows('with the names of mailboxes', named, perField, { requests: 5, waves: 2 }),
      ...rows('with the names of mailboxes', named, perMessage),
      ...rows('25 threads', threads, ofThreads, { requests: 6 }),
      // This list is not the inbox, so that no part of it was read before.
      ...rows('one list under 10 aliases', aliased, null, { requests: 3, waves: 2 }),
      {
        what: 'one message in 40 fields of a query',
        value: one.requests,
        unit: 'requests',
        budget: { of: 'value', max: 1 },
      },
    ];
  },
};

interface Counts extends Pick<Totals, 'requests' | 'waves'> {
  readonly gmailUnits: number;
}

async function counted(lab: Lab, apartMs: number, work: () => Promise<unknown>): Promise<Counts> {
  const all = [{ vendor: 'google' }, { vendor: 'microsoft' }] as const;
  const { totals, records } = await lab.slow(apartMs, all, () => lab.cost(work));
  const refused = records.find(({ status }) => status >= 400);
  if (refused)
    throw new Error(`${refused.operation} was answered with ${refused.status}, so the page cannot be counted`);
  const gmailUnits = records.filter(({ vendor }) => vendor === 'google').reduce((sum, { units }) => sum + units, 0);
  return { requests: totals.requests, waves: totals.waves, gmailUnits };
}

async function naiveClient(lab: Lab) {
  const gmail = naiveGmail(lab.sandbox.urlOf('google'), await accessToken(lab.sandbox, GMAIL));
  const graph = naiveGraph(lab.sandbox.urlOf('microsoft'), await accessToken(lab.sandbox, OUTLOOK));
  return (document: typeof NAIVE_INBOX, sharing: Sharing) =>
    counted(lab, NAIVE_ANSWER_DELAY_MS, () =>
      Promise.all([runNaive(gmail, document, sharing), runNaive(graph, document, sharing)]),
    );
}

/** Creates three rows with the budgets of the design. */
function rows(
  what: string,
  ours: Counts,
  other: { readonly what: string; readonly counts: Counts } | null,
  budgets: Partial<Counts> = {},
): Row[] {
  const kinds = [
    ['requests', 'requests'],
    ['waves', 'waves'],
    ['gmailUnits', 'Gmail units'],
  ] as const;
  return kinds.map(([kind, unit]) => {
    const max = budgets[kind];
    const budget: Row['budget'] = max === undefined ? undefined : { of: 'value', max };
    if (other) return beside(what, ours[kind], unit, { what: other.what, value: other.counts[kind] }, budget);
    return { what, value: ours[kind], unit, ...(budget ? { budget } : {}) };
  });
}
