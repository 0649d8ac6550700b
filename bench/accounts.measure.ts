import type { Client, Mailbox } from './lab/client.ts';
import type { Cost } from './lab/lab.ts';
import { allDelayed, OUTER } from './latency.measure.ts';
import { beside, type Measure } from './measure.ts';
import { inboxPage, MAILBOXES } from './pages.ts';
import { interleaved, median } from './rounds.ts';

const ACCOUNTS = 20;
const ROUND_TRIP_MS = 80;
const ROUNDS = 7;

/**
 * Accounts are read concurrently. So a page over twenty takes about as long as one over a single account, and each
 * account costs what it costs alone.
 */
export const accounts: Measure = {
  name: 'accounts',
  question: `What does a page over ${ACCOUNTS} accounts cost beside one over a single account?`,
  async run(bench) {
    const lab = await bench.lab();
    const mailboxes = Array.from({ length: ACCOUNTS }, (_, n): Mailbox => {
      const [provider, domain] = n % 2 === 0 ? (['GMAIL', 'gmail'] as const) : (['OUTLOOK', 'outlook'] as const);
      return { provider, address: `one-of-many-${n}@${domain}.example` };
    });
    const [one, many] = [await lab.user(mailboxes.slice(0, 1)), await lab.user(mailboxes)];
    const users = [one, many];
    const page = inboxPage(MAILBOXES);
    for (const user of users) for (let n = 0; n < 2; n++) await user.query(page);
    const measure = () => interleaved(users, ROUNDS, (user: Client) => lab.cost(() => user.query(page)));
    const quick = await measure();
    const seen = await lab.slow(ROUND_TRIP_MS, OUTER, measure);
    for (const cost of [...seen.values()].flat()) allDelayed(cost, ROUND_TRIP_MS);

    const figure = (costs: readonly Cost[] | undefined, of: (cost: Cost) => number) => median((costs ?? []).map(of));
    const gmailRequests = ({ records }: Cost) => {
      const own = records.filter(({ vendor, batch }) => vendor === 'google' && batch === null);
      return own.length / new Set(own.map(({ account }) => account)).size;
    };
    const row = (what: string, unit: string, costs: typeof seen, of: (cost: Cost) => number) =>
      beside(what, figure(costs.get(many), of), unit, { what: 'with one', value: figure(costs.get(one), of) });
    return [
      row('requests to each Gmail account', 'requests', seen, gmailRequests),
      row(`with round trips of ${ROUND_TRIP_MS} ms`, 'ms', seen, ({ ms }) => ms),
      row('without', 'ms, emulators included', quick, ({ ms }) => ms),
      row('without', 'ms of our CPU', quick, ({ cpuMs }) => cpuMs),
    ];
  },
};
