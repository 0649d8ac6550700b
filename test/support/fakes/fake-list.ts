import { MailError } from '../../../src/domain/error.ts';
import type { Message } from '../../../src/domain/message.ts';
import { decisions } from '../../../src/domain/search/branches.ts';
import type { Condition } from '../../../src/domain/search/condition.ts';
import { matches } from '../../../src/domain/search/matches.ts';
import type { Narrowing } from '../../../src/domain/search/separate-lists.ts';
import { visibleOnly } from '../../../src/domain/search/visibility.ts';
import { type Thread, threadOf } from '../../../src/domain/thread.ts';
import type { ListQuery, Page, PageRequest } from '../../../src/providers/contract/list.ts';
import type { MailSession } from '../../../src/providers/contract/mail-session.ts';

import { aMessage, someContent } from './fake-account.ts';

const HIDDEN: ReadonlySet<string> = new Set(['TRASH', 'SPAM']);

/** Creates a small deterministic generator, so that a failure can be reproduced by its seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A page that a list requested from the account. */
interface AskedPage extends PageRequest {
  readonly query: ListQuery;
}

/**
 * An account in memory whose lists fulfil the contract of MailSession: they are exact, newest first, and their cursors stay valid
 * while mail arrives and is deleted. Its index knows only words in bodies (`text`). It reads one message after the other until
 * a page is full or its budget is spent.
 */
export class FakeList {
  readonly asked: AskedPage[] = [];
  /** The number of messages that were read or skipped for all pages together. */
  read = 0;
  /** Returns an error to throw instead of the answer, or null. */
  failing: (query: ListQuery, page: PageRequest) => MailError | null = () => null;

  constructor(public messages: readonly Message[]) {}

  readonly session: Partial<MailSession> = {
    decides,
    listMailboxes: async () => [],
    listMessages: async (query, page) =>
      this.page(query, page, this.inOrder(), idAndTime, (m, where) => matches(m, where)),
    listThreads: async (query, page) =>
      this.page(
        query,
        page,
        this.threads(),
        ({ id, lastMessageAt }) => ({ id, at: lastMessageAt.getTime() }),
        (thread, where) => thread.messages.some((m) => matches(m, where)),
      ),
  };

  /** Returns the ids of the visible messages that meet a condition, in the order of a list. */
  scan(where: Condition): string[] {
    const visible = visibleOnly(where, HIDDEN);
    return this.inOrder().flatMap((message) => (matches(message, visible) ? [message.id] : []));
  }

  scanThreads(where: Condition): string[] {
    const visible = visibleOnly(where, HIDDEN);
    return this.threads().flatMap(({ id, messages }) => (messages.some((m) => matches(m, visible)) ? [id] : []));
  }

  remove(ids: ReadonlySet<string>): void {
    this.messages = this.messages.filter(({ id }) => !ids.has(id));
  }

  private inOrder(): Message[] {
    return [...this.messages].sort((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  private threads(): Thread[] {
    const byThread = new Map<string, Message[]>();
    for (const message of this.messages) {
      const id = message.threadId ?? '';
      byThread.set(id, [...(byThread.get(id) ?? []), message]);
    }
    return [...byThread]
      .map(([id, messages]) => threadOf(id, messages, HIDDEN))
      .sort((a, b) => b.lastMessageAt.getTime() - a.lastMessageAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  private page<T>(
    query: ListQuery,
    page: PageRequest,
    all: readonly T[],
    key: (item: T) => { id: string; at: number },
    meets: (item: T, where: Condition) => boolean,
  ): Page<T> {
    this.asked.push({ ...page, query });
    const error = this.failing(query, page);
    if (error) throw error;
    const where = query.where ?? { kind: 'and', of: [] };
    const [, afterAt, afterId] = page.after === null ? [] : (/^(\d+)~(.*)$/.exec(page.after) ?? []);
    if (page.after !== null && afterAt === undefined) throw new MailError('BAD_USER_INPUT', 'of another list');
    const from = afterAt === undefined ? Number.POSITIVE_INFINITY : Number(afterAt);
    const visible: Condition =
      query.mailboxId === null
        ? visibleOnly(where, HIDDEN)
        : { kind: 'and', of: [{ kind: 'mailbox', id: query.mailboxId }, where] };
    const kinds = decisions(where, decides);
    const evaluation = kinds.has('indexed') ? 'INDEXED' : kinds.has('checked') ? 'FILTERED' : 'NATIVE';
    const items: T[] = [];
    let spent = 0;
    let skipped = 0;
    for (const item of all) {
      const { id, at } = key(item);
      if (at > from || (at === from && id <= (afterId ?? ''))) continue;
      if (page.before && at >= page.before.getTime()) continue;
      if (page.skip?.(id)) skipped++;
      else {
        spent++;
        this.read++;
        if (meets(item, visible)) items.push(item);
      }
      const isLast = item === all.at(-1);
      if (!isLast && (items.length + skipped >= page.size || spent >= (page.budget ?? Number.POSITIVE_INFINITY)))
        return { items, next: `${at}~${id}`, evaluation, spent };
    }
    return { items, next: null, evaluation, spent };
  }
}

const idAndTime = ({ id, receivedAt }: Message) => ({ id, at: receivedAt.getTime() });

/** Flags and mailboxes are decided exactly, words in bodies by the index, and people and dates by checking candidates. */
const decides: MailSession['decides'] = ({ kind }) => {
  if (kind === 'text' || kind === 'hasAttachment') return 'indexed';
  return kind === 'from' || kind === 'to' || kind === 'subject' || kind.startsWith('received') ? 'checked' : 'exact';
};

/** Words are found by a search, and everything else by a filter. Exclusions narrow nothing. */
export const narrows = (where: Condition): Narrowing => {
  switch (where.kind) {
    case 'and': {
      const all = where.of.map(narrows);
      return (['few', 'search', 'filter'] as const).find((one) => all.includes(one)) ?? 'none';
    }
    case 'or': {
      const all = where.of.map(narrows);
      if (all.every((one) => one === 'search')) return 'search';
      return all.some((one) => one === 'search' || one === 'none') ? 'none' : 'filter';
    }
    case 'not':
      return 'none';
    case 'nothing':
      return 'few';
    case 'mailbox':
      return where.id === 'work' ? 'few' : 'filter';
    default:
      return 'value' in where && typeof where.value === 'string' ? 'search' : 'filter';
  }
};

const WORDS = ['plum', 'pear', 'fig'];
const NAMES = ['ada', 'bob', 'eve'];
const PLACES = ['INBOX', 'work', 'TRASH', 'SPAM'];

/** Generates random mail, with several messages in a second and threads across mailboxes. */
export function randomMail(next: () => number, count: number, from = 0): Message[] {
  const pick = <T>(some: readonly T[]): T => some[Math.floor(next() * some.length)] as T;
  return Array.from({ length: count }, (_, n) =>
    aMessage(`m${from + n}`, {
      threadId: `t${Math.floor(next() * (from + count) * 0.7)}`,
      receivedAt: new Date(Date.UTC(2026, 0, 1) + from * 1_000_000 + Math.floor(next() * count * 400)),
      from: { name: null, address: `${pick(NAMES)}@example.org` },
      subject: `${pick(WORDS)} ${pick(WORDS)}`,
      isRead: next() < 0.5,
      isStarred: next() < 0.2,
      mailboxIds: next() < 0.2 ? ['work', pick(PLACES)] : [pick(PLACES)],
      content: someContent({ text: `${pick(WORDS)} ${pick(WORDS)} ${pick(WORDS)}` }),
    }),
  );
}

/** Generates a random condition. `depth` limits how far it is nested. */
export function randomCondition(next: () => number, depth = 3): Condition {
  const pick = <T>(some: readonly T[]): T => some[Math.floor(next() * some.length)] as T;
  const dice = next();
  if (depth > 0 && dice < 0.2) return { kind: 'not', of: randomCondition(next, depth - 1) };
  if (depth > 0 && dice < 0.65) {
    const of = Array.from({ length: 2 + Math.floor(next() * 2) }, () => randomCondition(next, depth - 1));
    return { kind: dice < 0.4 ? 'and' : 'or', of };
  }
  const single: (() => Condition)[] = [
    () => ({ kind: 'text', value: pick(WORDS) }),
    () => ({ kind: 'text', value: `${pick(WORDS)} ${pick(WORDS)}` }),
    () => ({ kind: 'from', value: pick(NAMES) }),
    () => ({ kind: 'subject', value: pick(WORDS) }),
    () => ({ kind: pick(['read', 'starred']), value: next() < 0.5 }),
    () => ({ kind: 'mailbox', id: pick(PLACES) }),
    () => ({
      kind: pick(['receivedAfter', 'receivedBefore']),
      at: new Date(Date.UTC(2026, 0, 1) + Math.floor(next() * 40_000)),
    }),
  ];
  return pick(single)();
}

export const down = (): MailError => new MailError('PROVIDER_UNAVAILABLE', 'down');
