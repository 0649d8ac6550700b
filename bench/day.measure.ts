import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_UNREPORTED_AGE_MS } from '../src/cache/cached-mailboxes.ts';
import { SILENCE_TIMES } from '../src/changes/watch/silence.job.ts';
import { decodeId } from '../src/domain/global-id.ts';
import type { Client, Mailbox } from './lab/client.ts';
import { type Cost, type Lab, VENDOR } from './lab/lab.ts';
import { liveUser } from './live.measure.ts';
import { beside, type Measure, type Row } from './measure.ts';
import { inboxPage, MAILBOXES, THREADS_PAGE } from './pages.ts';

const HOURS = 8;
/** What happens in an hour. */
const [ARRIVALS, FLAGS, INBOXES, THREADS, MESSAGES] = [6, 3, 12, 4, 6];
const POLLS = 60;
const ASK_INTERVAL_MS = 25;
const HOUR_MS = 3_600_000;

const INBOX = inboxPage(MAILBOXES);
const MESSAGE = 'query ($id: ID!) { node(id: $id) { ... on Message { subject body { text html } } } }';
interface Inbox {
  readonly viewer: { readonly messages: { readonly nodes: readonly Shown[] } };
}
interface Shown {
  readonly id: string;
  readonly subject: string;
  readonly isRead: boolean;
}

/**
 * The working day of a person with two accounts, without the time between its events. The person looks at the inbox, at the
 * threads and at messages. Here the inbox is also asked again after each change, so it is never older than that. The other
 * clients are counted by what each of their pages costs when nothing of it is known. Outlook's pages are not kept in the
 * seconds after a change, which here is nearly always, so a real day costs less than this one.
 */
export const day: Measure = {
  name: 'day',
  question: `What does a working day of ${HOURS} hours cost at the providers?`,
  async run(bench) {
    const mailboxes: readonly Mailbox[] = [
      { provider: 'GMAIL', address: 'working@gmail.example' },
      { provider: 'OUTLOOK', address: 'working@outlook.example' },
    ];
    const live = await bench.liveLab();
    const user = await liveUser(live, mailboxes);
    const here = figures(await live.cost(() => workingDay(live, user, mailboxes)));

    const lab = await bench.lab();
    const page = await unknownPages(lab, await lab.user(mailboxes));
    const [inboxes, threads, messages] = [INBOXES, THREADS, MESSAGES].map((anHour) => anHour * HOURS);
    const opened = plus(times(page.threads, threads ?? 0), times(page.message, messages ?? 0));
    const asking = plus(opened, times(page.inbox, inboxes ?? 0));
    const polling = plus(opened, times(page.inbox, POLLS * HOURS));
    // No time passes here. In a real day silence costs questions, and names are read again now and then. Gmail is asked for its
    // mark and for its history and labels by turns, and Outlook at most every four thirds of a silence for all folders.
    const silences = (HOURS * HOUR_MS) / SILENCE_TIMES.silenceMs;
    const questions = silences * (1.5 + 0.75);
    const questionUnits = silences * 2;
    const names = mailboxes.length * Math.min(inboxes ?? 0, (HOURS * HOUR_MS) / MAX_UNREPORTED_AGE_MS);
    const whole = { requests: here.requests + questions + names, units: here.units + questionUnits + names / 2 };
    return [
      ...rows('pages and changes', here, 'asks on every page', asking),
      ...rows('pages and changes', here, 'polls the inbox each minute', polling),
      ...rows('and what time adds at most', whole, 'polls the inbox each minute', polling),
    ];
  },
};

interface Figures {
  readonly requests: number;
  /** The quota units of Gmail. */
  readonly units: number;
}

function figures({ totals, records }: Cost): Figures {
  const refused = records.find(({ status }) => status >= 400);
  if (refused)
    throw new Error(`${refused.operation} was answered with ${refused.status}, so the day cannot be counted`);
  const ofGmail = records.filter(({ vendor }) => vendor === 'google');
  return { requests: totals.requests, units: ofGmail.reduce((sum, { units }) => sum + units, 0) };
}

const times = ({ requests, units }: Figures, count: number): Figures => ({
  requests: requests * count,
  units: units * count,
});
const plus = (a: Figures, b: Figures): Figures => ({ requests: a.requests + b.requests, units: a.units + b.units });

function rows(what: string, ours: Figures, other: string, theirs: Figures): Row[] {
  return [
    beside(what, ours.requests, 'requests', { what: other, value: theirs.requests }),
    beside(what, ours.units, 'Gmail units', { what: other, value: theirs.units }),
  ];
}

/** What each page costs where nothing is kept. */
async function unknownPages(lab: Lab, user: Client) {
  const inbox = figures(await lab.cost(() => user.query(INBOX)));
  const threads = figures(await lab.cost(() => user.query(THREADS_PAGE)));
  const { viewer } = await user.query<Inbox>(INBOX);
  const message = figures(await lab.cost(() => user.query(MESSAGE, { id: viewer.messages.nodes[0]?.id })));
  return { inbox, threads, message };
}

async function workingDay(lab: Lab, user: Client, mailboxes: readonly Mailbox[]): Promise<void> {
  for (let hour = 0; hour < HOURS; hour++) {
    const due = [
      ...Array.from({ length: ARRIVALS }, (_, n) => () => arrives(lab, user, mailboxes[n % 2], `${hour}:${n}`)),
      ...Array.from({ length: FLAGS }, (_, n) => () => isReadElsewhere(lab, user, mailboxes[n % 2])),
      ...Array.from({ length: INBOXES }, () => () => user.query(INBOX)),
      ...Array.from({ length: THREADS }, () => () => user.query(THREADS_PAGE)),
      ...Array.from({ length: MESSAGES }, (_, n) => () => opens(user, n)),
    ];
    // A step that is prime to their number takes each once, well mixed.
    for (let n = 0; n < due.length; n++) await due[(n * 11) % due.length]?.();
  }
  await lab.quiet();
}

async function opens(user: Client, n: number): Promise<void> {
  const { viewer } = await user.query<Inbox>(INBOX);
  await user.query(MESSAGE, { id: viewer.messages.nodes[n]?.id });
}

async function arrives(lab: Lab, user: Client, mailbox: Mailbox | undefined, time: string): Promise<void> {
  if (!mailbox) return;
  const { provider, address: account } = mailbox;
  const subject = `At ${time} o'clock`;
  const mail = { vendor: VENDOR[provider], account, from: 'a@example.org', subject, text: 'x' };
  await told(user, () => lab.control('POST', '/deliver', mail));
  await until(user, (nodes) => nodes.some((node) => node.subject === subject));
}

/** A message is read on the telephone, or marked as unread there. */
async function isReadElsewhere(lab: Lab, user: Client, mailbox: Mailbox | undefined): Promise<void> {
  if (!mailbox) return;
  const { provider, address: account } = mailbox;
  const vendor = VENDOR[provider];
  const dump = await lab.control<{ id: string }[]>('GET', `/dump?vendor=${vendor}&account=${account}`);
  const own = new Set(dump.map(({ id }) => id));
  const idOf = ({ id }: Shown) => decodeId(id).parts[1] ?? '';
  const { viewer } = await user.query<Inbox>(INBOX);
  const shown = viewer.messages.nodes.find((node) => own.has(idOf(node)));
  if (!shown) throw new Error(`the page shows no message of ${account}`);
  const change = shown.isRead ? 'unread' : 'read';
  await told(user, () => lab.control('POST', '/touch', { vendor, account, id: idOf(shown), change }));
  await until(user, (nodes) => nodes.some(({ id, isRead }) => id === shown.id && isRead !== shown.isRead));
}

/** Makes a change, and waits until a front-end that follows the accounts would be told of it. */
async function told(user: Client, change: () => Promise<unknown>): Promise<void> {
  const cursor = async () =>
    (await user.query<{ viewer: { sync: { cursor: string } } }>('{ viewer { sync { cursor } } }')).viewer.sync.cursor;
  const before = await cursor();
  await change();
  while ((await cursor()) === before) await sleep(ASK_INTERVAL_MS);
}

/** Then it asks again. The page is right at once, unless another change has just been announced. */
async function until(user: Client, isRight: (nodes: readonly Shown[]) => boolean): Promise<void> {
  while (!isRight((await user.query<Inbox>(INBOX)).viewer.messages.nodes)) await sleep(ASK_INTERVAL_MS);
}
