import type { Client } from './lab/client.ts';
import type { Cost, Lab } from './lab/lab.ts';
import { beside, type Measure, type Row } from './measure.ts';
import { inboxPage, MAILBOXES, THREADS_PAGE } from './pages.ts';
import { interleaved, median } from './rounds.ts';

const [SMALL, LARGE] = [1_000, 50_000];
/** Gmail allows an account 15,000 units a minute, which limits the number of pages of 250 to 300 units. */
const ROUNDS = 9;

/**
 * The cost of a page in an account of 50,000 mails, compared with one of 1,000. No part of it may grow with the
 * mailbox.
 */
export const mailboxSize: Measure = {
  name: 'mailbox-size',
  question: `What does a page cost in a mailbox of ${LARGE.toLocaleString('en-US')} mails?`,
  async run(bench) {
    const lab = await bench.lab();
    const users = [await userWith(lab, SMALL), await userWith(lab, LARGE)] as const;
    const pages = [
      ['inbox of 50', inboxPage(MAILBOXES)],
      ['25 threads', THREADS_PAGE],
    ] as const;
    const rows: Row[] = [];
    for (const [what, page] of pages) {
      for (const user of users) await user.query(page);
      const seen = await interleaved(users, ROUNDS, (user: Client) => lab.cost(() => user.query(page)));
      const figure = (user: Client, of: (cost: Cost) => number) => median((seen.get(user) ?? []).map(of));
      const row = (unit: string, of: (cost: Cost) => number) =>
        beside(what, figure(users[1], of), unit, {
          what: `with ${SMALL.toLocaleString('en-US')}`,
          value: figure(users[0], of),
        });
      rows.push(
        row('requests', ({ totals }) => totals.requests),
        row('kB received', ({ bytes }) => bytes / 1_000),
        row('ms of our CPU', ({ cpuMs }) => cpuMs),
        row('ms, emulators included', ({ ms }) => ms),
      );
    }
    return rows;
  },
};

const userWith = (lab: Lab, messages: number): Promise<Client> =>
  lab.user(
    [
      { provider: 'GMAIL', address: `holds-${messages}@gmail.example` },
      { provider: 'OUTLOOK', address: `holds-${messages}@outlook.example` },
    ],
    messages,
  );
