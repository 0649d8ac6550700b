import type { Cost, Lab } from './lab/lab.ts';
import { replay } from './lab/replay.ts';
import { beside, type Measure, type Row } from './measure.ts';
import { accessToken } from './naive/tokens.ts';
import { inboxPage, MAILBOXES } from './pages.ts';
import { interleaved, median } from './rounds.ts';

const ROUND_TRIP_MS = 80;
const ROUNDS = 9;
/**
 * The number of pages of each kind that are read before. Nothing of a page is kept, but the code of a gateway is
 * compiled only after it has run for a while.
 */
const WARM_UP = 10;
/** The requests of the inbox page, without the parts of batches, which are delayed with their batch. */
export const OUTER = [
  { vendor: 'google', operation: 'messages.list' },
  { vendor: 'google', operation: 'labels.list' },
  { vendor: 'google', operation: 'batch' },
  { vendor: 'microsoft', operation: 'GET /me/messages' },
  { vendor: 'microsoft', operation: 'GET /me/mailFolders/{id}/messages' },
  { vendor: 'microsoft', operation: 'POST /$batch' },
] as const;

const MAILBOXES_READ = [
  { provider: 'GMAIL', address: 'latency@gmail.example' },
  { provider: 'OUTLOOK', address: 'latency@outlook.example' },
] as const;

/**
 * Shows how much of the latency of a cold page is ours. Every request to the providers takes 80 ms, and the API of
 * Gmail requires at least two waves of them (the ids, then the messages). The emulators take additional time on the
 * same processors. The same requests without a gateway, which are sent alternately, show how much.
 */
export const latency: Measure = {
  name: 'latency',
  question: `What do we add to two round trips of ${ROUND_TRIP_MS} ms?`,
  async run(bench) {
    const lab = await bench.lab();
    const client = await lab.user(MAILBOXES_READ);
    const page = (query: string) => () => client.query(query);
    const [inbox, named] = [page(inboxPage()), page(inboxPage(MAILBOXES))];
    for (const run of [inbox, named]) for (let n = 0; n < WARM_UP; n++) await run();
    const [bare, bareNamed] = [await bareRequests(lab, inbox), await bareRequests(lab, named)];
    const seen = await lab.slow(ROUND_TRIP_MS, OUTER, () =>
      interleaved([inbox, named, bare, bareNamed], ROUNDS, (run) => lab.cost(run)),
    );
    for (const cost of [...seen.values()].flat()) allDelayed(cost, ROUND_TRIP_MS);
    const figure = (run: () => Promise<unknown>, of: (cost: Cost) => number) => median((seen.get(run) ?? []).map(of));
    const ms = (run: () => Promise<unknown>) => figure(run, (cost) => cost.ms);
    const limit = { what: `two waves of ${ROUND_TRIP_MS} ms`, value: 2 * ROUND_TRIP_MS };
    const rows = (what: string, run: () => Promise<unknown>): Row[] => [
      beside(what, ms(run), 'ms', limit, { of: 'ratio', max: 1.15 }),
      { what: 'of it, without a request upstream', value: figure(run, alone), unit: 'ms' },
      { what: 'of it, with a request upstream', value: figure(run, (cost) => cost.ms - alone(cost)), unit: 'ms' },
      { what: 'our CPU meanwhile', value: figure(run, ({ cpuMs }) => cpuMs), unit: 'ms' },
    ];
    return [
      ...rows('inbox of 50', inbox),
      beside('inbox of 50', ms(inbox), 'ms', { what: 'the same requests, no gateway', value: ms(bare) }),
      ...rows('with the names of mailboxes', named),
      beside(
        'with the names of mailboxes',
        ms(named),
        'ms',
        { what: 'the same requests, no gateway', value: ms(bareNamed) },
        { of: 'ratio', max: 1.05 },
      ),
    ];
  },
};

/** Returns a function that sends only the upstream requests of a page, as the log has them. */
async function bareRequests(lab: Lab, page: () => Promise<unknown>): Promise<() => Promise<void>> {
  const { records } = await lab.cost(page);
  const [google, microsoft] = await Promise.all(MAILBOXES_READ.map((mailbox) => accessToken(lab.sandbox, mailbox)));
  const upstreams = {
    google: { url: `${lab.upstreamUrl}/google`, token: google ?? '' },
    microsoft: { url: `${lab.upstreamUrl}/microsoft`, token: microsoft ?? '' },
  };
  return () => replay(records, upstreams);
}

/** Returns the time in which no request was running at the emulators: our own work, and the transport. */
function alone({ ms, records }: Cost): number {
  let busy = 0;
  let until = 0;
  for (const { startedAt, endedAt } of [...records].sort((a, b) => a.startedAt - b.startedAt)) {
    busy += Math.max(0, endedAt - Math.max(startedAt, until));
    until = Math.max(until, endedAt);
  }
  return ms - busy;
}

/**
 * Checks that every request was delayed. The emulators delay by the name of the operation, and a name that is missing
 * above would make the figure too good.
 */
export function allDelayed({ records }: Cost, ms: number): void {
  const early = records.find(({ batch, startedAt, endedAt }) => batch === null && endedAt - startedAt < ms - 2);
  if (early)
    throw new Error(
      `${early.vendor} ${early.operation} was not delayed: add it to the operations that the measure delays`,
    );
}
