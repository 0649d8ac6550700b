import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId } from '../src/domain/global-id.ts';
import type { Client, Mailbox } from './lab/client.ts';
import { type Lab, VENDOR } from './lab/lab.ts';
import { beside, type Measure, type Row } from './measure.ts';
import { inboxPage, MAILBOXES } from './pages.ts';
import { median } from './rounds.ts';

const ROUNDS = 5;
const [FOLDERS, LABELS, ACCOUNTS] = [200, 500, 20];
const LIVE_TIMEOUT_MS = 60_000;
const ASK_INTERVAL_MS = 25;
const PAGE = inboxPage(MAILBOXES);

interface Inbox {
  readonly viewer: {
    readonly messages: { readonly nodes: readonly { id: string; subject: string; isRead: boolean }[] };
  };
}

/** What a live account costs at the providers: nothing for what it has answered before, and its own delta for a change. */
export const live: Measure = {
  name: 'live',
  question: 'What does a live account cost at the providers?',
  async run(bench) {
    const lab = await bench.liveLab();
    const [gmail, outlook]: readonly Mailbox[] = [
      { provider: 'GMAIL', address: 'live@gmail.example' },
      { provider: 'OUTLOOK', address: 'live@outlook.example' },
    ];
    if (!gmail || !outlook) throw new RangeError('there are two accounts');
    const both = await liveUser(lab, [gmail, outlook]);
    await cached(lab, both);
    const again = await lab.cost(() => both.query(PAGE));
    const flag = { GMAIL: await changedFlag(lab, both, gmail), OUTLOOK: await changedFlag(lab, both, outlook) };
    return [
      { what: 'the same inbox again', value: again.totals.requests, unit: 'requests', budget: { of: 'value', max: 0 } },
      ...Object.entries(flag).map(
        ([provider, requests]): Row =>
          beside(
            `one flag changed at ${provider}, until the page is right`,
            requests,
            'requests',
            { what: 'one delta', value: 1 },
            { of: 'value', max: 1 },
          ),
      ),
      ...(await arrivingMail(lab)),
    ];
  },
};

/** The cost of a mail in a user with many accounts and mailboxes, beside one in a user with a single small account. */
async function arrivingMail(lab: Lab): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const many = Array.from({ length: ACCOUNTS }, (_, n): Mailbox => {
    const provider = n % 2 === 0 ? 'GMAIL' : 'OUTLOOK';
    return { provider, address: `full-${n}@${provider.toLowerCase()}.example` };
  });
  for (const mailbox of many.slice(0, 2)) await fill(lab, mailbox);
  const full = await liveUser(lab, many);
  for (const mailbox of many.slice(0, 2)) {
    const { provider } = mailbox;
    const small: Mailbox = { provider, address: `small@${provider.toLowerCase()}.example` };
    const few = await arrival(lab, await liveUser(lab, [small]), small);
    const cost = await arrival(lab, full, mailbox);
    const size = provider === 'GMAIL' ? `${LABELS} labels` : `${FOLDERS} folders`;
    rows.push(
      beside(
        `a mail arrives at ${provider}: ${size}, ${ACCOUNTS} accounts`,
        cost,
        'requests',
        { what: 'one account with few', value: few },
        { of: 'ratio', max: 1 },
      ),
    );
  }
  return rows;
}

/** Creates a user, and waits until all accounts are live. */
export async function liveUser(lab: Lab, mailboxes: readonly Mailbox[]): Promise<Client> {
  const user = await lab.user(mailboxes);
  const began = performance.now();
  for (;;) {
    const { viewer } = await user.query<{ viewer: { integrations: { sync: { live: boolean } }[] } }>(
      '{ viewer { integrations { sync { live } } } }',
    );
    if (viewer.integrations.every(({ sync }) => sync.live)) break;
    if (performance.now() - began > LIVE_TIMEOUT_MS) throw new Error('the accounts did not become live in a minute');
    await sleep(ASK_INTERVAL_MS);
  }
  await lab.quiet();
  return user;
}

/**
 * Asks for the page until it costs nothing. Soon after a change, such as the first sync of an account, a read may lack that change
 * at Outlook, so it is not kept.
 */
async function cached(lab: Lab, user: Client): Promise<void> {
  const began = performance.now();
  while ((await lab.cost(() => user.query(PAGE))).totals.requests > 0) {
    if (performance.now() - began > LIVE_TIMEOUT_MS) throw new Error('the page was not cached in a minute');
    await sleep(1_000);
  }
}

/** The requests upstream from the change of a flag elsewhere until the page shows it, and all that follow from it. */
async function changedFlag(lab: Lab, user: Client, { provider, address }: Mailbox): Promise<number> {
  const vendor = VENDOR[provider];
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { viewer } = await user.query<Inbox>(PAGE);
    const dump = await lab.control<{ id: string }[]>('GET', `/dump?vendor=${vendor}&account=${address}`);
    const known = new Set(dump.map(({ id }) => id));
    const shown = viewer.messages.nodes.find(({ id }) => known.has(decodeId(id).parts[1] ?? ''));
    if (!shown) throw new Error(`the page shows no message of ${address}`);
    const isRight = ({ viewer: { messages } }: Inbox) =>
      messages.nodes.find(({ id }) => id === shown.id)?.isRead === !shown.isRead;
    const change = {
      vendor,
      account: address,
      id: decodeId(shown.id).parts[1],
      change: shown.isRead ? 'unread' : 'read',
    };
    costs.push(await costOf(lab, user, isRight, () => lab.control('POST', '/touch', change)));
  }
  return median(costs);
}

/** The requests upstream from the arrival of a mail until the page shows it, and all that follow from it. */
async function arrival(lab: Lab, user: Client, { provider, address: account }: Mailbox): Promise<number> {
  const costs: number[] = [];
  await user.query(PAGE);
  for (let round = 0; round < ROUNDS; round++) {
    const mail = {
      vendor: VENDOR[provider],
      account,
      from: 'a@example.org',
      subject: `Arrival ${round} at ${account}`,
      text: 'x',
    };
    const isRight = ({ viewer: { messages } }: Inbox) => messages.nodes.some(({ subject }) => subject === mail.subject);
    costs.push(await costOf(lab, user, isRight, () => lab.control('POST', '/deliver', mail)));
  }
  return median(costs);
}

async function costOf(
  lab: Lab,
  user: Client,
  isRight: (inbox: Inbox) => boolean,
  change: () => Promise<unknown>,
): Promise<number> {
  await lab.quiet();
  const { totals } = await lab.cost(async () => {
    await change();
    while (!isRight(await user.query<Inbox>(PAGE))) await sleep(ASK_INTERVAL_MS);
    await lab.quiet();
  });
  return totals.requests;
}

/** Creates an account with many labels or folders, of which each has a mail. */
async function fill(lab: Lab, { provider, address: account }: Mailbox): Promise<void> {
  const vendor = VENDOR[provider];
  await lab.control('POST', '/accounts', { vendor, address: account, messages: 200 });
  const count = provider === 'GMAIL' ? LABELS : FOLDERS;
  for (let n = 0; n < count; n++) {
    const where = provider === 'GMAIL' ? { labels: [`Label ${n}`] } : { mailbox: { name: `Folder ${n}` } };
    const receivedAt = new Date(Date.UTC(2020, 0, 1) + n * 60_000).toISOString();
    await lab.control('POST', '/deliver', {
      vendor,
      account,
      from: 'a@example.org',
      subject: 'old',
      text: 'x',
      receivedAt,
      ...where,
    });
  }
}
