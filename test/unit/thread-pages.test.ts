import { describe, expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { isHidden, type Thread, threadOf } from '../../src/domain/thread.ts';
import { isUnreadable, type Page, type PageRequest } from '../../src/providers/contract/list.ts';
import type { HeadPage, ThreadHead } from '../../src/providers/shared/threads/heads.ts';
import { threadPage } from '../../src/providers/shared/threads/thread-pages.ts';
import type { ThreadSource } from '../../src/providers/shared/threads/thread-source.ts';
import { envelope, seeded } from '../support/mail/thread-mail.ts';

const HIDDEN = new Set(['TRASH', 'JUNK']);

interface Ways {
  /** Messages that the provider's list returns. By the envelope they are more than match. */
  readonly candidates: (message: Message) => boolean;
  readonly meets: (message: Message) => boolean;
  /** Whether the envelope decides what matches. Otherwise the provider's list decides, and returns matches only. */
  readonly isDecidable?: boolean;
  readonly knowsFirst?: boolean;
  readonly isHidden?: boolean;
  readonly isWhole?: boolean;
  readonly headsInPage: number;
}

/** An account in memory, whose lists continue after the last message of a page, as Gmail's do. */
class FakeMail {
  readonly messages = new Map<string, Message>();
  lists = 0;
  reads = 0;

  source(ways: Ways): ThreadSource {
    const { candidates, meets, isDecidable = true } = ways;
    const shown = (message: Message) => !isHidden(message, HIDDEN);
    const matching = (message: Message) => (ways.isHidden || shown(message)) && candidates(message);
    return {
      fingerprint: 'fake',
      matches: (after) => this.heads(after, ways.isWhole ? shown : matching, ways.headsInPage),
      order: ways.isWhole ? null : (after) => this.heads(after, ways.isHidden ? () => true : shown, ways.headsInPage),
      isHidden: () => ways.isHidden ?? false,
      read: async (ids) => ids.map((id) => this.thread(id) ?? new MailError('NOT_FOUND', 'gone')),
      meets: (message, isFound) => (isDecidable ? meets(message) : isFound),
      isDecidable,
      ...(ways.knowsFirst ? { firstMessageOf: (id: string) => `${id}.0` } : {}),
      threadCost: 2,
      spent: () => this.lists + 2 * this.reads,
    };
  }

  thread(id: string): Thread | null {
    this.reads++;
    const all = [...this.messages.values()].filter(({ threadId }) => threadId === id);
    return all.length === 0 ? null : threadOf(id, all, HIDDEN);
  }

  private async heads(after: string | null, wanted: (m: Message) => boolean, size: number): Promise<HeadPage> {
    this.lists++;
    const sorted = [...this.messages.values()].sort(byRecency);
    const { at, id } = after === null ? { at: Number.POSITIVE_INFINITY, id: '' } : JSON.parse(after);
    const rest = sorted.filter((m) => {
      const time = m.receivedAt.getTime();
      return wanted(m) && (time < at || (time === at && m.id < id));
    });
    const page = rest.slice(0, size);
    const last = page.at(-1);
    const heads = page.map((m): ThreadHead => ({ id: m.id, threadId: m.threadId ?? '' }));
    const next = last && rest.length > size ? JSON.stringify({ at: last.receivedAt.getTime(), id: last.id }) : null;
    return { heads, next };
  }
}

const byRecency = (a: Message, b: Message): number =>
  b.receivedAt.getTime() - a.receivedAt.getTime() || (a.id < b.id ? 1 : -1);

async function readAll(
  source: () => ThreadSource,
  size: number,
  between: (given: number) => void = () => {},
  more: Partial<PageRequest> = {},
): Promise<{ threads: Thread[]; pages: Page<Thread>[] }> {
  const threads: Thread[] = [];
  const pages: Page<Thread>[] = [];
  let after: string | null = null;
  do {
    const page: Page<Thread> = await threadPage(source(), { size, after, ...more });
    expect(page.items.length).toBeLessThanOrEqual(size);
    for (const item of page.items) {
      if (isUnreadable(item)) throw item.error;
      threads.push(item);
    }
    pages.push(page);
    between(threads.length);
    after = page.next;
    if (pages.length > 2_000) throw new Error('the list does not end');
  } while (after !== null);
  return { threads, pages };
}

/** Returns random mail: threads whose messages are in several mailboxes, some of them in trash and junk. */
function randomMail(random: () => number, threads: number, longest = 4): FakeMail {
  const mail = new FakeMail();
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  let at = 1_000_000_000;
  const open: { id: string; left: number; made: number }[] = [];
  for (let n = 0; n < threads || open.length > 0; ) {
    at += Math.floor(random() * 3) * 1000;
    const begins = n < threads && (open.length === 0 || random() < 0.4);
    if (begins) open.push({ id: `t${n++}`, left: 1 + Math.floor(random() * longest), made: 0 });
    const one = begins ? open.at(-1) : pick(open);
    if (!one) continue;
    const id = `${one.id}.${one.made++}`;
    const mailbox = pick(['INBOX', 'INBOX', 'SENT', 'ARCHIVE', 'ARCHIVE', 'TRASH', 'JUNK']);
    const flags = { isRead: random() < 0.7, isStarred: random() < 0.2 };
    mail.messages.set(
      id,
      envelope({ id, threadId: one.id, receivedAt: new Date(at), mailboxIds: [mailbox], ...flags }),
    );
    if (--one.left === 0) open.splice(open.indexOf(one), 1);
  }
  return mail;
}

const shownAt = (thread: Thread): number => thread.lastMessageAt.getTime();

/** Returns the threads by the definition, which looks at every message. */
function expected(mail: FakeMail, meets: (m: Message) => boolean, isHiddenList = false): Thread[] {
  const ids = new Set([...mail.messages.values()].map(({ threadId }) => threadId ?? ''));
  const threads = [...ids].flatMap((id) => {
    const all = [...mail.messages.values()].filter(({ threadId }) => threadId === id);
    return all.some((m) => (isHiddenList || !isHidden(m, HIDDEN)) && meets(m)) ? [threadOf(id, all, HIDDEN)] : [];
  });
  return threads.sort((a, b) => byRecency(anchorOf(a), anchorOf(b)));
}

/** Returns the message that gives a thread its position. */
const anchorOf = ({ messages }: Thread): Message =>
  (messages.findLast((message) => !isHidden(message, HIDDEN)) ?? messages.at(-1)) as Message;

const idsOf = (threads: readonly Thread[]): string[] => threads.map(({ id }) => id);
const timesOf = (threads: readonly Thread[]): number[] => threads.map(shownAt);

const CONDITIONS: Record<string, (m: Message) => boolean> = {
  everything: () => true,
  inbox: (m) => m.mailboxIds.includes('INBOX'),
  unread: (m) => !m.isRead,
  'starred in the archive': (m) => m.isStarred && m.mailboxIds.includes('ARCHIVE'),
  nothing: () => false,
};

/** How many random mailboxes each test lists. A search for a fault sets more. */
const RUNS = Number(process.env.LIST_ROUNDS ?? 25);

describe('a list of threads', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
  const named = (what: string) => `${what} (SEED=${seed})`;

  it(
    named('is in the order of lastMessageAt, whole and without repetitions, whatever lists it is made of'),
    async () => {
      const random = seeded(seed);
      for (let run = 0; run < RUNS; run++) {
        const mail = randomMail(random, 5 + Math.floor(random() * 90));
        for (const [name, meets] of Object.entries(CONDITIONS)) {
          const size = [1, 2, 3, 5, 7, 25][Math.floor(random() * 6)] ?? 1;
          const ways = {
            meets,
            // Some messages that do not match are returned as well.
            candidates: (m: Message) => meets(m) || m.id.endsWith('1'),
            headsInPage: [3, 10, 40, 500][Math.floor(random() * 4)] ?? 3,
            knowsFirst: random() < 0.5,
            isWhole: name === 'everything' && random() < 0.5,
          };
          const { threads } = await readAll(() => mail.source(ways), size);
          const wanted = expected(mail, meets);
          expect({ run, name, ways, times: timesOf(threads) }).toEqual({ run, name, ways, times: timesOf(wanted) });
          expect(new Set(idsOf(threads))).toEqual(new Set(idsOf(wanted)));
          // Threads of one moment are in the right order too, when enough of the order is read.
          if (ways.headsInPage >= 100)
            expect({ run, name, ways, ids: idsOf(threads) }).toEqual({ run, name, ways, ids: idsOf(wanted) });
        }
      }
    },
  );

  it(named('is whole where only the provider can tell what matches, and in order or TRUNCATED'), async () => {
    const random = seeded(seed + 1);
    for (let run = 0; run < RUNS; run++) {
      const mail = randomMail(random, 5 + Math.floor(random() * 90));
      for (const meets of Object.values(CONDITIONS)) {
        const headsInPage = [3, 10, 40, 500][Math.floor(random() * 4)] ?? 3;
        const ways = { meets, candidates: meets, isDecidable: false, headsInPage, knowsFirst: random() < 0.5 };
        const { threads, pages } = await readAll(() => mail.source(ways), 1 + Math.floor(random() * 7));
        const wanted = expected(mail, meets);
        expect(new Set(idsOf(threads))).toEqual(new Set(idsOf(wanted)));
        expect(threads).toHaveLength(wanted.length);
        if (!pages.some(({ truncated }) => truncated)) expect(timesOf(threads)).toEqual(timesOf(wanted));
      }
    }
  });

  it('is complete when a stretch of all mail contains only threads that were returned', async () => {
    const mail = randomMail(seeded(482771121), 39);
    const meets = () => true;
    const ways = { meets, candidates: meets, isDecidable: false, headsInPage: 3, knowsFirst: true };
    const { threads } = await readAll(() => mail.source(ways), 2);
    expect(idsOf(threads)).toEqual(idsOf(expected(mail, meets)));
  });

  it.each([true, false])(
    named('of the trash is in the order of lastMessageAt, also where only the provider can tell (%s)'),
    async (isDecidable) => {
      const random = seeded(seed + 2);
      for (let run = 0; run < 40; run++) {
        const mail = randomMail(random, 5 + Math.floor(random() * 60));
        const meets = (m: Message) => m.mailboxIds.includes('TRASH') || (run % 2 === 0 && m.isStarred);
        const ways = { meets, candidates: meets, isHidden: true, headsInPage: 40, isDecidable };
        const { threads, pages } = await readAll(() => mail.source(ways), 1 + Math.floor(random() * 7));
        const wanted = expected(mail, meets, true);
        expect(timesOf(threads)).toEqual(timesOf(wanted));
        expect(new Set(idsOf(threads))).toEqual(new Set(idsOf(wanted)));
        expect(pages.filter(({ truncated }) => truncated)).toEqual([]);
      }
    },
  );

  it.each([true, false])(
    named('of a large trash has every thread once and in order, or TRUNCATED where only the provider can tell (%s)'),
    async (isDecidable) => {
      const random = seeded(seed + 3);
      const mail = randomMail(random, 700);
      const meets = (m: Message) => m.mailboxIds.includes('TRASH');
      const wanted = expected(mail, meets, true);
      for (const headsInPage of [40, 500]) {
        const ways = { meets, candidates: meets, isHidden: true, headsInPage, isDecidable };
        const { threads, pages } = await readAll(() => mail.source(ways), 25);
        expect(idsOf(threads).sort()).toEqual(idsOf(wanted).sort());
        if (!pages.some(({ truncated }) => truncated)) expect(timesOf(threads)).toEqual(timesOf(wanted));
        if (isDecidable) expect(pages.filter(({ truncated }) => truncated)).toEqual([]);
      }
    },
  );

  it(named('neither repeats nor passes over what stayed while mail arrives, moves and goes'), async () => {
    const random = seeded(seed + 4);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    for (let run = 0; run < 150; run++) {
      const mail = randomMail(random, 10 + Math.floor(random() * 60));
      const name = pick([...Object.keys(CONDITIONS), 'trash']);
      const isTrash = name === 'trash';
      const meets = isTrash ? (m: Message) => m.mailboxIds.includes('TRASH') : CONDITIONS[name];
      if (!meets) throw new TypeError(name);
      const wasThere = expected(mail, meets, isTrash);
      const started = new Set(mail.messages.keys());
      const stayed = new Map(wasThere.map((thread) => [thread.id, anchorOf(thread)]));
      const touched = new Set<string>();
      let serial = 0;
      // The clock of arriving mail does not go back when the newest message is deleted.
      let now = Math.max(...[...mail.messages.values()].map(({ receivedAt }) => receivedAt.getTime()));
      const change = (given: number) => {
        for (let n = Math.floor(random() * 4); n > 0; n--) {
          const message = pick([...mail.messages.values()]);
          const what = pick(['archive', 'trash', 'delete', 'read', 'reply', 'new'] as const);
          if (what === 'reply' || what === 'new') {
            now += 1000;
            const at = new Date(now);
            const threadId = what === 'new' ? `new${serial}` : (message.threadId ?? '');
            const id = what === 'new' ? `${threadId}.0` : `${threadId}.r${serial}`;
            serial++;
            // A list begins with its first thread: mail that arrives while its pages are empty still moves a thread.
            if (given === 0) touched.add(threadId);
            mail.messages.set(id, envelope({ id, threadId, receivedAt: at, mailboxIds: ['INBOX'], isRead: false }));
            continue;
          }
          touched.add(message.threadId ?? '');
          if (what === 'delete') mail.messages.delete(message.id);
          else if (what === 'read') mail.messages.set(message.id, { ...message, isRead: true });
          else mail.messages.set(message.id, { ...message, mailboxIds: [what === 'trash' ? 'TRASH' : 'ARCHIVE'] });
        }
        // A thread counts as staying while a message that was there at the start lists it at its place or below. One that
        // rises, by a restored message, while those below go, may have been passed over. Trash is read as a whole.
        for (const [id, place] of stayed) {
          const all = [...mail.messages.values()].filter((m) => m.threadId === id && started.has(m.id));
          const kept = isTrash ? all : all.filter((m) => !isHidden(m, HIDDEN) && byRecency(m, place) >= 0);
          const newest = kept.toSorted(byRecency)[0];
          if (newest && kept.some(meets)) stayed.set(id, newest);
          else stayed.delete(id);
        }
      };
      // The list of the trash is read as a whole as far as possible, so its pages are large.
      const headsInPage = pick(isTrash ? [40, 500] : [3, 10, 40, 500]);
      const ways = { meets, candidates: meets, headsInPage, knowsFirst: random() < 0.5, isHidden: isTrash };
      const { threads } = await readAll(() => mail.source(ways), 1 + Math.floor(random() * 7), change);
      const given = idsOf(threads);
      expect({ run, name, ways, twice: given.filter((id, n) => given.indexOf(id) !== n) }).toMatchObject({ twice: [] });
      expect({ run, name, ways, missed: [...stayed.keys()].filter((id) => !given.includes(id)) }).toMatchObject({
        missed: [],
      });
      const untouched = idsOf(wasThere).filter((id) => !touched.has(id));
      const positionOf = new Map(wasThere.map((thread) => [thread.id, shownAt(thread)]));
      const times = given.filter((id) => untouched.includes(id)).map((id) => positionOf.get(id));
      expect({ run, name, ways, times }).toEqual({
        run,
        name,
        ways,
        times: times.toSorted((a, b) => (b ?? 0) - (a ?? 0)),
      });
    }
  });

  it(named('keeps to it where more is given than a cursor remembers'), async () => {
    const random = seeded(seed + 5);
    const mail = randomMail(random, 1_600);
    for (const [name, meets] of Object.entries(CONDITIONS)) {
      const candidates = (m: Message) => meets(m) || m.id.endsWith('1');
      const { threads, pages } = await readAll(() => mail.source({ meets, candidates, headsInPage: 500 }), 60);
      const wanted = expected(mail, meets);
      expect([name, timesOf(threads)]).toEqual([name, timesOf(wanted)]);
      expect(new Set(idsOf(threads))).toEqual(new Set(idsOf(wanted)));
      for (const { next } of pages) expect(next?.length ?? 0).toBeLessThan(6_000);
    }
  });

  it('costs one list and the threads of a page, and with a condition one list more', async () => {
    const mail = randomMail(seeded(7), 300);
    const page = await threadPage(
      mail.source({ meets: () => true, candidates: () => true, isWhole: true, headsInPage: 500 }),
      {
        size: 25,
        after: null,
      },
    );
    expect({ items: page.items.length, lists: mail.lists, reads: mail.reads }).toEqual({
      items: 25,
      lists: 1,
      reads: 25,
    });
    mail.lists = 0;
    mail.reads = 0;
    const meets = (m: Message) => m.mailboxIds.includes('INBOX');
    await threadPage(mail.source({ meets, candidates: meets, headsInPage: 500, knowsFirst: true }), {
      size: 25,
      after: null,
    });
    expect(mail.lists).toBe(2);
    expect(mail.reads).toBeLessThanOrEqual(50);
  });

  it('reads the threads that are known to match, whatever the lists have cost', async () => {
    const mail = randomMail(seeded(seed + 9), 300);
    const meets = CONDITIONS.unread as (m: Message) => boolean;
    const source = (isFoundExact: boolean) => (): ThreadSource => ({
      ...mail.source({ candidates: meets, meets, headsInPage: 40 }),
      isFoundExact,
      spent: () => 1_000 * mail.lists + 2 * mail.reads,
    });
    const sizes = async (isFoundExact: boolean) => {
      const { threads, pages } = await readAll(source(isFoundExact), 10, () => {}, { budget: 500 });
      expect(timesOf(threads)).toEqual(timesOf(expected(mail, meets)));
      return pages.map(({ items }) => items.length);
    };
    const [exact, checked] = [await sizes(true), await sizes(false)];
    expect(exact.length).toBeLessThan(checked.length / 3);
  });

  it('ends a page when the budget is spent, and continues from there', async () => {
    const mail = randomMail(seeded(8), 60);
    const meets = (m: Message) => m.isStarred;
    const source = () => mail.source({ meets, candidates: () => true, headsInPage: 500 });
    const { threads, pages } = await readAll(source, 10, () => (mail.reads = mail.lists = 0), { budget: 12 });
    expect(timesOf(threads)).toEqual(timesOf(expected(mail, meets)));
    for (const { spent } of pages) expect(spent).toBeLessThanOrEqual(14);
    expect(pages.length).toBeGreaterThan(5);
  });

  it('begins at a given moment', async () => {
    const mail = randomMail(seeded(9), 40);
    const all = expected(mail, () => true);
    const before = all[10]?.lastMessageAt ?? new Date(0);
    const source = () => mail.source({ meets: () => true, candidates: () => true, isWhole: true, headsInPage: 40 });
    const { threads } = await readAll(source, 7, () => {}, { before });
    expect(timesOf(threads)).toEqual(timesOf(all.filter((thread) => thread.lastMessageAt < before)));
  });

  it('refuses a cursor that it did not make', async () => {
    const source = randomMail(seeded(1), 3).source({ meets: () => true, candidates: () => true, headsInPage: 10 });
    for (const after of [
      '',
      'garbage',
      't1.',
      't1.bnVsbA',
      `t1.${Buffer.from('["other",null,null,"","",false,null,null]').toString('base64url')}`,
    ])
      await expect(threadPage(source, { size: 5, after })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
