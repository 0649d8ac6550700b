import { type Change, FLAVOURS, type Stretch } from './changes.ts';
import { expectedRows } from './judge.ts';
import { lastMessageAt, type OracleMail, type Scope, type Where } from './oracle.ts';
import type { Chance } from './random.ts';
import type { Kind, OracleAccount } from './world.ts';

/** Returns the mail after the change, null if the change deletes it, or undefined if the change does not affect it. */
function changed(mail: OracleMail, change: Change): OracleMail | null | undefined {
  const isHidden = mail.place === 'trash';
  switch (change) {
    case 'delete':
      return null;
    case 'archive':
      return mail.place === 'inbox' ? { ...mail, place: 'archive' } : undefined;
    case 'inbox':
      return mail.place !== 'inbox' ? { ...mail, place: 'inbox' } : undefined;
    case 'trash':
      return isHidden ? undefined : { ...mail, place: 'trash' };
    case 'read':
    case 'unread':
      return mail.isRead === (change === 'read') ? undefined : { ...mail, isRead: change === 'read' };
    case 'star':
    case 'unstar':
      return mail.isStarred === (change === 'star') ? undefined : { ...mail, isStarred: change === 'star' };
    default:
      return undefined;
  }
}

/**
 * One account's part of a list that changes while it is read. `must` has what the list has to show, `may` what it is
 * allowed to show.
 */
export class Watched {
  mails: OracleMail[];
  readonly first: readonly Row[];
  readonly must: Set<string>;
  readonly may: Set<string>;
  readonly touched = new Set<string>();
  readonly history: string[] = [];
  private readonly starts: ReadonlySet<string>;
  private readonly threads: Map<string, string>;
  private positions = new Map<string, number>();
  /** For each alternative, the rows that it has listed the whole time. */
  private readonly listedThroughout: { readonly where: Where; keys: Set<string> | null }[];

  constructor(
    readonly account: OracleAccount,
    readonly stretch: Stretch,
    readonly query: { readonly kind: Kind; readonly where: Where; readonly scope: Scope },
  ) {
    this.listedThroughout = alternativesOf(query.where).map((where) => ({ where, keys: null }));
    this.mails = [...stretch.mails];
    this.starts = new Set(this.mails.map(({ messageId }) => messageId));
    this.threads = new Map(this.mails.map(({ messageId, thread }) => [messageId, thread]));
    this.first = this.listed(this.mails);
    this.must = new Set(this.first.map(({ key }) => key));
    this.may = new Set(this.must);
    this.look();
  }

  keyOf(messageId: string): string {
    return this.query.kind === 'messages' ? messageId : (this.threads.get(messageId) ?? messageId);
  }

  apply(mail: OracleMail, change: Change): boolean {
    const next = changed(mail, change);
    if (next === undefined) return false;
    this.history.push(`${change} ${mail.messageId}`);
    this.mails = this.mails.flatMap((one) => (one.messageId === mail.messageId ? (next ?? []) : one));
    this.touched.add(this.keyOf(mail.messageId));
    this.look();
    return true;
  }

  arrive(mail: OracleMail): void {
    this.history.push(`arrive ${mail.messageId} in ${mail.thread}`);
    this.mails.push(mail);
    this.threads.set(mail.messageId, mail.thread);
    this.look();
  }

  /** Returns what is wrong with the shown rows and their order, or null. */
  fault(shown: readonly Row[]): string | null {
    const keys = shown.map(({ key }) => key);
    const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
    const missed = [...this.must].filter((key) => !keys.includes(key));
    const wrong = keys.filter((key) => !this.may.has(key));
    const at = new Map(this.first.map((row) => [row.key, row.at]));
    const still = keys.filter((key) => at.has(key) && !this.touched.has(key));
    const late = still.find((key, n) => n > 0 && (at.get(key) ?? 0) > (at.get(still[n - 1] ?? '') ?? 0));
    if (twice.length + missed.length + wrong.length === 0 && late === undefined) return null;
    return [
      `of ${this.first.length}: twice ${twice}, missed ${missed}, wrong ${wrong}, out of order ${late ?? ''}`,
      this.story(shown),
    ].join('\n  ');
  }

  story(shown: readonly Row[]): string {
    return [
      `began as ${this.first.map(({ key, at }) => `${key}@${at}`).join(' ')}`,
      `shown ${shown.map(({ key, at }) => `${key}@${at}`).join(' ')}`,
      `threads ${this.mails.map(({ messageId, thread, place }) => `${messageId} in ${thread} (${String(place)})`).join(', ')}`,
      ...this.history,
    ].join('\n  ');
  }

  private listed(mails: readonly OracleMail[], where = this.query.where): Row[] {
    return expectedRows(mails, this.account, { ...this.query, where });
  }

  private look(): void {
    for (const { key } of this.listed(this.mails)) this.may.add(key);
    const old = this.mails.filter(({ messageId }) => this.starts.has(messageId));
    const still = new Set(this.listed(old).map(({ key }) => key));
    // The list may miss a row that has changed from one alternative to another, if it has already read past its
    // position in the other one.
    for (const one of this.listedThroughout) {
      const now = new Set(this.listed(old, one.where).map(({ key }) => key));
      one.keys = one.keys === null ? now : new Set([...one.keys].filter((key) => now.has(key)));
    }
    for (const key of this.must) if (!this.listedThroughout.some(({ keys }) => keys?.has(key))) this.must.delete(key);
    if (this.query.kind === 'messages') return;
    // A thread that moves up may pass the position of the reader.
    const positions = new Map([...still].map((key) => [key, lastMessageAt(old, key, this.account.manner)]));
    for (const [key, at] of positions) if (at > (this.positions.get(key) ?? at)) this.must.delete(key);
    this.positions = positions;
  }
}

/** Returns the conditions that the gateway may read as separate lists. */
const alternativesOf = (where: Where): readonly Where[] => ('any' in where ? where.any : [where]);

export interface Row {
  readonly key: string;
  readonly at: number;
}

export const WALK_FLAVOURS: Readonly<Record<string, (stretch: Stretch) => Where>> = {
  plain: () => ({ all: [] }),
  ...FLAVOURS,
  starred: () => ({ isStarred: true }),
  'not starred': () => ({ isStarred: false }),
  'in the trash': () => ({ role: 'TRASH' }),
  'starred or in the trash': () => ({ any: [{ isStarred: true }, { role: 'TRASH' }] }),
  'subject or in the trash': ({ marker }) => ({ any: [{ subject: marker }, { role: 'TRASH' }] }),
  archived: () => ({ role: 'ARCHIVE' }),
  all: () => ({ role: 'ALL' }),
  'not a sender': () => ({ all: [{ not: { from: 'nobody' } }, { isRead: false }] }),
  from: () => ({ from: 'zoe@herd.example' }),
  ghost: () => ({ text: 'ghost' }),
  'ghost or unread': () => ({ any: [{ text: 'ghost' }, { isRead: false }] }),
  'a word unread or a subject read': ({ marker }) => ({
    any: [{ all: [{ text: marker }, { isRead: false }] }, { all: [{ subject: marker }, { isRead: true }] }],
  }),
  'a word starred or a sender': () => ({
    any: [
      { all: [{ text: 'ghost' }, { isStarred: true }] },
      { all: [{ from: 'zoe' }, { not: { text: 'ghost' } }] },
      { all: [{ from: 'zoe' }, { isStarred: false }] },
    ],
  }),
  'a word in the inbox or starred': ({ marker }) => ({
    any: [{ all: [{ text: 'ghost' }, { role: 'INBOX' }] }, { all: [{ subject: marker }, { isStarred: true }] }],
  }),
  'a word late or a subject early': ({ marker, from }) => ({
    any: [
      { all: [{ text: 'ghost' }, { after: from + 5 * 1_800_000 }] },
      { all: [{ subject: marker }, { before: from + 9 * 1_800_000 }] },
    ],
  }),
  'a word in the trash or unread': ({ marker }) => ({
    any: [{ all: [{ text: 'ghost' }, { role: 'TRASH' }] }, { all: [{ subject: marker }, { isRead: false }] }],
  }),
  'words and flags': ({ marker }) => ({
    any: [
      { all: [{ text: 'ghost' }, { isStarred: true }, { isRead: true }] },
      { all: [{ text: 'horse' }, { isStarred: false }] },
      { all: [{ subject: marker }, { role: 'ARCHIVE' }] },
      { all: [{ not: { text: 'ghost' } }, { isRead: false }] },
    ],
  }),
  'ghost and from': () => ({ all: [{ text: 'ghost' }, { from: 'zoe' }] }),
};

export const pickChange = (chance: Chance): Change =>
  chance.one(['delete', 'archive', 'archive', 'inbox', 'trash', 'trash', 'read', 'unread', 'star', 'unstar', 'arrive']);
