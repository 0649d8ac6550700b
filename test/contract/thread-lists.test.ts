import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { EVERYTHING } from '../../src/domain/search/algebra.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { visibleOnly } from '../../src/domain/search/visibility.ts';
import { isHidden, type Thread, threadOf } from '../../src/domain/thread.ts';
import { isUnreadable, type ListQuery, type Page } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';
import { seeded } from '../support/mail/thread-mail.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
const START = Date.UTC(2026, 0, 5, 9);
const PEOPLE = ['ada@example.org', 'Bob Stone <bob@example.org>', 'carol@example.net'];
const WORDS = ['harbour', 'invoice', 'lunch', 'garden'];

/** An account with random mail, and the lists that the definition requires, computed from every message. */
class Mailbox {
  readonly ids: string[] = [];
  readonly starts: Set<string> = new Set();
  private readonly open: { root: string; last: string }[] = [];
  private serial = 0;
  private at = START;

  private constructor(
    readonly account: Account,
    readonly roles: ReadonlyMap<string, string>,
    private readonly random: () => number,
  ) {}

  static async of(account: Account, random: () => number): Promise<Mailbox> {
    const mailboxes = await account.session.listMailboxes(interactive());
    return new Mailbox(account, new Map(mailboxes.flatMap(({ role, id }) => (role ? [[role, id]] : []))), random);
  }

  get hidden(): ReadonlySet<string> {
    return new Set(['TRASH', 'JUNK'].map((role) => this.roles.get(role) ?? ''));
  }

  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)] as T;
  }

  /** Delivers a new thread, or a reply in an existing one. */
  async deliver(
    begins: boolean,
    mailbox = this.pick(['inbox', 'inbox', 'sent', 'archive', 'archive', 'trash', 'junk']),
  ) {
    const n = this.serial++;
    const messageId = `<m${n}.${this.account.address}>`;
    const thread = begins || this.open.length === 0 ? { root: messageId, last: messageId } : this.pick(this.open);
    const answered =
      thread.root === messageId ? {} : { references: [thread.root, thread.last], inReplyTo: [thread.last] };
    if (thread.root === messageId) this.open.push(thread);
    thread.last = messageId;
    this.at += this.pick([0, 1000, 7000]);
    const id = await this.account.deliver({
      from: this.pick(PEOPLE),
      to: this.account.address,
      subject: answered.references ? `Re: ${thread.root}` : thread.root,
      text: `about the ${this.pick(WORDS)} of ${n}`,
      messageId,
      ...answered,
      mailbox,
      isRead: this.random() < 0.6,
      isStarred: this.random() < 0.2,
      receivedAt: new Date(this.at).toISOString(),
    });
    this.ids.push(id);
    return id;
  }

  async fill(messages: number): Promise<this> {
    for (let n = 0; n < messages; n++) await this.deliver(this.random() < 0.45);
    for (const id of this.ids) this.starts.add(id);
    return this;
  }

  async messages(): Promise<Message[]> {
    const read = await this.account.session.getMessages(this.ids, 'full', interactive());
    return read.flatMap((message) => (isMailError(message) ? [] : [message]));
  }

  /** Returns the threads that these messages bring into a list, in order. */
  async expected({ mailboxId, where }: ListQuery, by: ReadonlySet<string> | null = null): Promise<Thread[]> {
    const inside: Condition[] = mailboxId === null ? [] : [{ kind: 'mailbox', id: mailboxId }];
    const asked = visibleOnly({ kind: 'and', of: [...inside, where ?? EVERYTHING] }, this.hidden);
    const all = await this.messages();
    const listed = [...new Set(all.map(({ threadId }) => threadId ?? ''))].flatMap((id) => {
      const messages = all.filter(({ threadId }) => threadId === id);
      const isListed = messages.some((message) => (by === null || by.has(message.id)) && matches(message, asked));
      return isListed ? [threadOf(id, messages, this.hidden)] : [];
    });
    const order = await this.listed();
    // Of several messages of one moment, the first in the list determines the place of the thread.
    const placeOf = ({ messages, lastMessageAt }: Thread): number =>
      Math.min(
        ...messages.flatMap((one) =>
          one.receivedAt.getTime() === lastMessageAt.getTime() && !isHidden(one, this.hidden)
            ? [order.indexOf(one.id)]
            : [],
        ),
      );
    return listed.sort((a, b) => timeOf(b) - timeOf(a) || placeOf(a) - placeOf(b));
  }

  /** Returns the ids of all mail outside of trash and junk, in the provider's order. */
  private async listed(): Promise<string[]> {
    const page = await this.account.session.listMessages(
      { mailboxId: null, where: null },
      { size: 100, after: null },
      interactive(),
    );
    expect(page.next).toBeNull();
    return page.items.map(({ id }) => id);
  }

  /** Returns the time of the newest message of a thread that was there at the start, and is outside of trash and junk. */
  placeOf({ messages }: Thread): number {
    const shown = messages.filter((one) => this.starts.has(one.id) && !isHidden(one, this.hidden));
    return Math.max(0, ...shown.map(({ receivedAt }) => receivedAt.getTime()));
  }

  async change(): Promise<string | null> {
    const what = this.pick(['archive', 'trash', 'delete', 'read', 'reply', 'new'] as const);
    if (what === 'reply' || what === 'new') {
      // Within the second of the newest message of the first page, later mail cannot be distinguished from earlier mail.
      this.at += 1_000;
      await this.deliver(what === 'new', 'inbox');
      return null;
    }
    const message = this.pick(await this.messages());
    await this.account.touch(message.id, what);
    return message.threadId;
  }
}

const timeOf = (thread: Thread): number => thread.lastMessageAt.getTime();
const idsOf = (threads: readonly Thread[]): string[] => threads.map(({ id }) => id);

async function readAll(
  { session }: Account,
  query: ListQuery,
  size: number,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Thread[]> {
  const threads: Thread[] = [];
  let after: string | null = null;
  do {
    const page: Page<Thread> = await session.listThreads(query, { size, after }, interactive());
    expect(page.items.length).toBeLessThanOrEqual(size);
    for (const item of page.items) {
      if (isUnreadable(item)) throw item.error;
      threads.push(item);
    }
    after = page.next;
    // A list begins with its first thread: mail that arrives while its pages are empty still moves a thread.
    if (after !== null && threads.length > 0) await between();
  } while (after !== null);
  return threads;
}

interface Log {
  readonly totals: { readonly requests: number; readonly byOperation: Readonly<Record<string, number>> };
}

describe.each(PROVIDER_IDS)('%s: lists of threads', (id) => {
  let lab: Lab;
  let mailbox: Mailbox;
  let accounts = 0;
  beforeAll(async () => {
    lab = await openLab(id);
  });
  afterAll(() => lab.close());
  /** Each list has an account of its own, because all of them together exceed the quota of a minute. */
  const filled = async (messages: number, random = seeded(seed + accounts)) => {
    mailbox = await Mailbox.of(await lab.account(`threads${accounts++}`), random);
    return mailbox.fill(messages);
  };

  const role = (name: string): string => mailbox.roles.get(name) ?? '';
  const not = (of: Condition): Condition => ({ kind: 'not', of });
  const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
  const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
  const inside = (name: string): Condition => ({ kind: 'mailbox', id: role(name) });
  const unread: Condition = { kind: 'read', value: false };
  const starred: Condition = { kind: 'starred', value: true };
  const from = (value: string): Condition => ({ kind: 'from', value });
  const text = (value: string): Condition => ({ kind: 'text', value });
  /** Its threads stand at mail that is elsewhere, of which no list is read. */
  const isOfTrash = (query: ListQuery): boolean => JSON.stringify(query).includes(JSON.stringify(role('TRASH')));
  const QUERIES: [string, () => ListQuery][] = [
    ['the whole account', () => ({ mailboxId: null, where: null })],
    ['the inbox', () => ({ mailboxId: role('INBOX'), where: null })],
    ['the trash', () => ({ mailboxId: role('TRASH'), where: null })],
    ['what is unread', () => ({ mailboxId: null, where: unread })],
    ['what is starred in the archive or sent', () => ({ mailboxId: null, where: and(starred, not(inside('INBOX'))) })],
    ['what someone sent', () => ({ mailboxId: null, where: from('bob') })],
    [
      'what someone else sent, unread, to the inbox',
      () => ({ mailboxId: role('INBOX'), where: and(not(from('ada@example.org')), unread) }),
    ],
    ['a word', () => ({ mailboxId: null, where: text('harbour') })],
    ['a word, starred', () => ({ mailboxId: null, where: and(text('invoice'), or(starred, unread)) })],
    ['what is starred, or in the trash', () => ({ mailboxId: null, where: or(starred, inside('TRASH')) })],
    ['what someone sent, or in the trash', () => ({ mailboxId: null, where: or(from('bob'), inside('TRASH')) })],
    ['what is not unread', () => ({ mailboxId: null, where: not(unread) })],
  ];

  it.each(QUERIES)(
    `of %s: in the order of lastMessageAt, each once, and from a moment on (SEED=${seed})`,
    async (_, query) => {
      await filled(40);
      const wanted = await mailbox.expected(query());
      for (const size of [1, 3, 7, 25]) {
        const threads = await readAll(mailbox.account, query(), size);
        expect({ size, times: threads.map(timeOf) }).toEqual({ size, times: wanted.map(timeOf) });
        expect(new Set(idsOf(threads))).toEqual(new Set(idsOf(wanted)));
        // Mail of the same second keeps the provider's order, between threads and within each.
        if (!isOfTrash(query())) expect({ size, ids: idsOf(threads) }).toEqual({ size, ids: idsOf(wanted) });
        const inside = (list: readonly Thread[]) =>
          new Map(list.map((thread) => [thread.id, thread.messages.map((one) => one.id)]));
        expect({ size, inside: inside(threads) }).toEqual({ size, inside: inside(wanted) });
      }
      const before = wanted[Math.floor(wanted.length / 3)]?.lastMessageAt ?? new Date();
      const page = await mailbox.account.session.listThreads(
        query(),
        { size: 100, after: null, before },
        interactive(),
      );
      const times = page.items.map((item) => (isUnreadable(item) ? null : timeOf(item)));
      expect(times).toEqual(wanted.filter((thread) => thread.lastMessageAt < before).map(timeOf));
    },
  );

  it(`of a trash of more threads than are read at once: in the order of lastMessageAt (SEED=${seed})`, async () => {
    const { account } = await filled(20);
    for (let n = 0; n < 130; n++) await mailbox.deliver(true, 'trash');
    for (let n = 0; n < 40; n++) await mailbox.deliver(false);
    const query = { mailboxId: role('TRASH'), where: null };
    const wanted = await mailbox.expected(query);
    expect(wanted.length).toBeGreaterThan(125);
    for (const size of [25, 60]) {
      const threads = await readAll(account, query, size);
      expect({ size, times: threads.map(timeOf) }).toEqual({ size, times: wanted.map(timeOf) });
      expect(new Set(idsOf(threads))).toEqual(new Set(idsOf(wanted)));
    }
  });

  it(`cost a list and what their threads do, and with a condition one list more (SEED=${seed})`, async () => {
    await filled(80);
    const { account } = mailbox;
    await account.session.listThreads({ mailboxId: null, where: null }, { size: 1, after: null }, interactive());
    const costOf = async (query: ListQuery) => {
      await lab.control('/log', undefined, 'DELETE');
      await account.session.listThreads(query, { size: 25, after: null }, interactive());
      const { totals } = await lab.control<Log>('/log?limit=0');
      return totals.requests;
    };
    // One for the list, and two batches for its threads.
    expect(await costOf({ mailboxId: null, where: null })).toBeLessThanOrEqual(1 + 2);
    // Besides those of the page, threads are read of which nothing else tells whether older mail of theirs is in there.
    expect(await costOf({ mailboxId: role('INBOX'), where: null })).toBeLessThanOrEqual(2 + 4);
  });

  it(`neither repeat nor pass over what stayed while mail arrives, moves and goes (SEED=${seed})`, async () => {
    const random = seeded(seed + 1);
    for (let run = 0; run < 8; run++) {
      const changing = await filled(30, random);
      const [name, query] = QUERIES[Math.floor(random() * QUERIES.length)] as (typeof QUERIES)[number];
      const before = await changing.expected(query());
      const stayed = new Map(before.map((thread) => [thread.id, changing.placeOf(thread)]));
      const touched = new Set<string | null>();
      const size = 1 + Math.floor(random() * 5);
      const given = idsOf(
        await readAll(changing.account, query(), size, async () => {
          for (let n = Math.floor(random() * 3); n > 0; n--) touched.add(await changing.change());
          const listed = new Map((await changing.expected(query(), changing.starts)).map((one) => [one.id, one]));
          // A thread that rises, by a message that is restored, may be passed over. Lists of the trash are read as a whole.
          for (const [one, place] of stayed) {
            const thread = listed.get(one);
            const now = thread && changing.placeOf(thread);
            if (now === undefined || (now > place && !isOfTrash(query()))) stayed.delete(one);
            else stayed.set(one, now);
          }
        }),
      );
      const state = { run, name, size };
      expect({ ...state, twice: given.filter((one, n) => given.indexOf(one) !== n) }).toEqual({ ...state, twice: [] });
      expect({ ...state, missed: [...stayed.keys()].filter((one) => !given.includes(one)) }).toEqual({
        ...state,
        missed: [],
      });
      const place = new Map(before.map((thread) => [thread.id, timeOf(thread)]));
      const times = given.flatMap((one) => (touched.has(one) ? [] : (place.get(one) ?? [])));
      expect({ ...state, times }).toEqual({ ...state, times: times.toSorted((a, b) => b - a) });
    }
  });
});
