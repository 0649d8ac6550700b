import type { Cost } from './lab/lab.ts';
import { beside, type Measure, type Row } from './measure.ts';
import { inboxPage, MAILBOXES } from './pages.ts';
import { interleaved, median } from './rounds.ts';

const ROUND_TRIP_MS = 80;
const ROUNDS = 9;
/** What the inbox page asks for, without the parts of batches: they come and go with their batch. */
export const OUTER = [
  { vendor: 'google', operation: 'messages.list' },
  { vendor: 'google', operation: 'labels.list' },
  { vendor: 'google', operation: 'batch' },
  { vendor: 'microsoft', operation: 'GET /me/messages' },
  { vendor: 'microsoft', operation: 'GET /me/mailFolders/{id}/messages' },
  { vendor: 'microsoft', operation: 'POST /$batch' },
] as const;

/**
 * How much of a cold page's latency is ours: every request to the providers takes 80 ms, and two waves of them are the
 * least that Gmail's API allows (the ids, then the messages).
 */
export const latency: Measure = {
  name: 'latency',
  question: `What do we add to two round trips of ${ROUND_TRIP_MS} ms?`,
  async run(bench) {
    const lab = await bench.lab();
    const client = await lab.user([
      { provider: 'GMAIL', address: 'latency@gmail.example' },
      { provider: 'OUTLOOK', address: 'latency@outlook.example' },
    ]);
    const pages = [inboxPage(), inboxPage(MAILBOXES)] as const;
    for (const page of pages) for (let n = 0; n < 3; n++) await client.query(page);
    const seen = await lab.slow(ROUND_TRIP_MS, OUTER, () =>
      interleaved(pages, ROUNDS, (page) => lab.cost(() => client.query(page))),
    );
    const limit = { what: `two waves of ${ROUND_TRIP_MS} ms`, value: 2 * ROUND_TRIP_MS };
    const rows = (what: string, page: string): Row[] => {
      const costs = seen.get(page) ?? [];
      for (const cost of costs) allDelayed(cost, ROUND_TRIP_MS);
      return [
        beside(what, median(costs.map(({ ms }) => ms)), 'ms', limit, { of: 'ratio', most: 1.15 }),
        { what: 'of it, with nothing asked upstream', value: median(costs.map(alone)), unit: 'ms' },
      ];
    };
    return [...rows('inbox of 50', pages[0]), ...rows('with the names of mailboxes', pages[1])];
  },
};

/** How much of the time no request was under way at the emulators: what is ours, and the way there and back. */
function alone({ ms, records }: Cost): number {
  let busy = 0;
  let until = 0;
  for (const { startedAt, endedAt } of [...records].sort((a, b) => a.startedAt - b.startedAt)) {
    busy += Math.max(0, endedAt - Math.max(startedAt, until));
    until = Math.max(until, endedAt);
  }
  return ms - busy;
}

/** The emulators delay by the operation's name: one that the list above lacks would make the figure too good. */
export function allDelayed({ records }: Cost, ms: number): void {
  const early = records.find(({ batch, startedAt, endedAt }) => batch === null && endedAt - startedAt < ms - 2);
  if (early) throw new Error(`${early.vendor} ${early.operation} was not delayed: add it to what the measure delays`);
}
