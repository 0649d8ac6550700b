import type { OracleMail, Where } from './oracle.ts';
import type { Chance } from './random.ts';

/**
 * Mail within one day, which no other condition finds. A test changes it while it reads the list; each test uses the
 * next day.
 */
export interface Stretch {
  readonly mails: readonly OracleMail[];
  readonly marker: string;
  readonly from: number;
  readonly until: number;
}

const FIRST_DAY = Date.parse('2026-06-01T00:00:00Z');
const DAY = 86_400_000;

/** Returns the mail of the day that belongs to `index`. */
export function stretchOf(
  chance: Chance,
  index: number,
  count: number,
  marker = `zebra${index}q${chance.below(1e6)}`,
): Stretch {
  const from = FIRST_DAY + index * 2 * DAY;
  const mails: OracleMail[] = [];
  for (let at = 0; at < count; at += 1) mails.push(one(chance, marker, from + 60_000 + at * 1_800_000, mails));
  return { mails, marker, from, until: from + DAY };
}

/** Returns a mail that is newer than all the others. It may answer one of them. */
export const arrival = (chance: Chance, { mails, marker, until }: Stretch): OracleMail => {
  const receivedAt = until - 1 - chance.below(3_600_000);
  return { ...one(chance, marker, receivedAt, mails), receivedAt };
};

function one(chance: Chance, marker: string, near: number, before: readonly OracleMail[]): OracleMail {
  const messageId = `${marker}.${before.length}.${chance.below(1e9).toString(36)}@mail.example`;
  const answered = before.length > 0 && chance.is(0.4) ? chance.one(before) : null;
  // Some mails arrive within the same second.
  const last = before.at(-1);
  const receivedAt = last && chance.is(0.3) ? Math.min(last.receivedAt + chance.below(400), near + 900) : near;
  const topic = answered ? answered.subject.replace(/^Re: /, '') : `${marker} topic${before.length}`;
  return {
    messageId,
    thread: answered?.thread ?? messageId,
    references: answered ? [...answered.references, answered.messageId] : [],
    subject: answered ? `Re: ${topic}` : topic,
    from: { name: 'Zoe', address: 'zoe@herd.example' },
    sender: null,
    to: [{ name: '', address: 'keeper@herd.example' }],
    cc: [],
    bcc: [],
    text: `stripes of ${marker} ${chance.is(0.3) ? 'ghost' : 'horse'}`,
    isHtml: false,
    files: [],
    // The Date header may be wrong. A list of search results must not be ordered by it.
    sentAt: Math.floor((receivedAt + (chance.is(0.5) ? chance.below(20) * DAY : 0)) / 1000) * 1000,
    receivedAt,
    place: chance.is(0.85) ? 'inbox' : 'archive',
    labels: [],
    isRead: chance.is(0.3),
    isStarred: chance.is(0.3),
    isImportant: false,
  };
}

/** Conditions that find the stretch. Providers answer them in different ways. */
export const FLAVOURS: Readonly<Record<string, (stretch: Stretch) => Where>> = {
  dates: ({ from, until }) => ({ all: [{ after: from }, { before: until }] }),
  unread: ({ from, until }) => ({ all: [{ after: from }, { before: until }, { isRead: false }] }),
  'in the inbox': ({ from, until }) => ({ all: [{ role: 'INBOX' }, { after: from }, { before: until }] }),
  subject: ({ marker }) => ({ subject: marker }),
  'unread subject': ({ marker }) => ({ all: [{ subject: marker }, { isRead: false }] }),
  text: ({ marker }) => ({ text: marker }),
  'text in the inbox': ({ marker }) => ({ all: [{ text: marker }, { role: 'INBOX' }] }),
  'without a word': ({ from, until }) => ({ all: [{ after: from }, { before: until }, { not: { text: 'ghost' } }] }),
  'either of two': ({ marker, from, until }) => ({
    any: [
      { all: [{ text: marker }, { isStarred: true }] },
      { all: [{ after: from }, { before: until }, { isStarred: false }] },
    ],
  }),
  'a subject or a flag': ({ marker, from, until }) => ({
    any: [{ subject: marker }, { all: [{ after: from }, { before: until }, { isRead: false }] }],
  }),
};

export const CHANGES = ['archive', 'trash', 'delete', 'read', 'arrive'] as const;
export type Change = (typeof CHANGES)[number] | 'inbox' | 'unread' | 'star' | 'unstar';
