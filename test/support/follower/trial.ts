import { setTimeout as delay } from 'node:timers/promises';
import type { Sandbox } from '../../../sandbox/start.ts';
import { TWINS } from '../../../sandbox/twins.ts';
import type { Chance } from '../search-oracle/random.ts';
import type { AccountCopy } from './copy-reader.ts';
import { EventFollower, type ReceivedEvent } from './event-follower.ts';
import { type AccountPicture, differences } from './picture.ts';
import { RandomChanges } from './random-changes.ts';
import { truthOf } from './truth.ts';

interface TrialOptions {
  readonly sandbox: Sandbox;
  /** Returns the gateway that a follower connects to next. */
  readonly url: () => string;
  readonly token: string;
  readonly chance: Chance;
}

/** Followers of the demo accounts, and what changes these at random. */
export class Trial {
  readonly accounts: readonly RandomChanges[];
  private known: ReadonlyMap<string, AccountPicture>;

  private constructor(
    private readonly options: TrialOptions,
    readonly followers: readonly EventFollower[],
  ) {
    const { sandbox, chance } = options;
    this.accounts = TWINS.flatMap(({ vendor, demo }) =>
      demo ? new RandomChanges(sandbox, vendor, demo.address, chance) : [],
    );
    this.known = this.truth();
  }

  /** Begins with two followers, of which each selects an update in its own way. */
  static async begin(options: TrialOptions): Promise<Trial> {
    const selections = ['message', 'update'] as const;
    const followers = await Promise.all(
      selections.map((selection) => EventFollower.begin(options.url, options.token, selection)),
    );
    return new Trial(options, followers);
  }

  /** Makes this many changes, spread over the accounts. A pause now and then lets the gateway come in between. */
  async change(count: number): Promise<void> {
    const { chance } = this.options;
    for (let n = 0; n < count; n++) {
      await chance.one(this.accounts).change();
      if (chance.is(0.2)) await delay(chance.below(100));
    }
  }

  /** What the copies have not been told, or were told wrongly. Empty when every copy equals the emulators. */
  differences(): string[] {
    const truth = this.truth();
    return this.followers.flatMap((follower, n) =>
      this.accounts.flatMap(({ address }) => {
        const copy = follower.accounts.get(address);
        const name = `${n + 1} ${address}`;
        const is = truth.get(address) as AccountPicture;
        return copy ? differences(name, is, this.ownMailboxes(address, copy)) : `${name}: was never read`;
      }),
    );
  }

  /** What no feed may do, whatever happens around it: invent, repeat under another cursor, or tell out of order. */
  faults(): string[] {
    return this.followers.flatMap((follower, n) => [
      ...follower.failures.map((failure) => `${n + 1}: ${failure}`),
      ...this.accounts.flatMap((account) => this.faultsOf(follower, account).map((fault) => `${n + 1}: ${fault}`)),
    ]);
  }

  /** How many events of each kind every follower has received, for those who read along. */
  summary(): string {
    const counts = this.followers.map(({ events }) => {
      const count = new Map<string, number>();
      for (const { type } of events) count.set(type, (count.get(type) ?? 0) + 1);
      return [...count].map(([type, times]) => `${times} ${type}`).join(', ');
    });
    return counts.join('; ');
  }

  async end(): Promise<void> {
    await Promise.all(this.followers.map((follower) => follower.end()));
  }

  private truth(): ReadonlyMap<string, AccountPicture> {
    const { sandbox } = this.options;
    return new Map(this.accounts.map(({ vendor, address }) => [address, truthOf(sandbox, vendor, address)]));
  }

  /** The mailboxes of the system never change, and the vendors differ in what they say of them. */
  private ownMailboxes(address: string, copy: AccountCopy): AccountPicture {
    const own = this.accounts.find((account) => account.address === address)?.mailboxesEver;
    return { ...copy, mailboxes: new Map([...copy.mailboxes].filter(([id]) => own?.has(id))) };
  }

  private faultsOf(follower: EventFollower, account: RandomChanges): string[] {
    const { address, existed, delivered, backdated, mailboxesEver } = account;
    const unread = this.unreadSomewhere(address);
    const before = this.known.get(address)?.messages;
    const found: string[] = [];
    /** Whether the message could be read when its creation was told. Otherwise it is told again. */
    const created = new Map<string, boolean>();
    const deleted = new Set<string>();
    let wasReset = false;
    // A delta of Microsoft does not say what is new, so a message that carries an old date is told as an updated one.
    const isToldAsCreated = (id: string) => delivered.has(id) && !backdated.has(id) && !wasReset;
    for (const { type, about, isWhole } of this.unrepeated(follower, address, found)) {
      const fault = (what: string) => found.push(`${address}: ${type} of ${about} ${what}`);
      // What came before a reset may be told again after it, and what comes after it is read once more.
      wasReset ||= type === 'MailEventsReset';
      if (type === 'MailboxChanged' && this.isInvented(follower, address, about, mailboxesEver)) fault('never existed');
      if (!type.startsWith('Message')) continue;
      if (!existed.has(about)) fault('never existed');
      // A deletion may be told twice, as a webhook and a delta both name it. Nothing else follows it.
      if (deleted.has(about) && type !== 'MessageDeleted') fault('comes after its deletion');
      if (type === 'MessageCreated') {
        if (created.get(about) && !wasReset && !unread.has(about)) fault('is a second one');
        if (before?.has(about) && !wasReset) fault('was there from the beginning');
        created.set(about, isWhole);
      } else if (type === 'MessageDeleted') deleted.add(about);
      else if (isToldAsCreated(about) && !created.has(about)) fault('comes before its creation');
    }
    const exists = this.truth().get(address)?.messages;
    for (const id of deleted) if (exists?.has(id)) found.push(`${address}: ${id} was deleted, and exists`);
    for (const id of delivered)
      if (exists?.has(id) && !created.has(id) && isToldAsCreated(id)) found.push(`${address}: ${id} was never created`);
    return found;
  }

  /** The events of an account, each once: a repeat has the `eventId` of the first. Another event may have neither that nor its cursor. */
  private unrepeated({ events }: EventFollower, address: string, found: string[]): ReceivedEvent[] {
    const byId = new Map<string, ReceivedEvent>();
    const byCursor = new Map<string, ReceivedEvent>();
    return events.filter((event) => {
      const [first, other] = [byId.get(event.eventId), byCursor.get(event.cursor)];
      byId.set(event.eventId, event);
      byCursor.set(event.cursor, event);
      if (first && !isSame(first, event)) found.push(`${shown(event)} has the eventId of ${shown(first)}`);
      if (other && !isSame(other, event)) found.push(`${shown(event)} has the cursor of ${shown(other)}`);
      return !first && event.address === address;
    });
  }

  /** The messages whose creation some follower was told without them: it is then told again, to all who follow. */
  private unreadSomewhere(address: string): ReadonlySet<string> {
    const told = this.followers.flatMap(({ events }) => events);
    const unread = told.filter(
      (event) => event.type === 'MessageCreated' && event.address === address && !event.isWhole,
    );
    return new Set(unread.map(({ about }) => about));
  }

  private isInvented(follower: EventFollower, address: string, id: string, ever: ReadonlySet<string>): boolean {
    return !ever.has(id) && !follower.accounts.get(address)?.mailboxes.has(id);
  }
}

const isSame = (a: ReceivedEvent, b: ReceivedEvent): boolean => a.eventId === b.eventId && shown(a) === shown(b);
const shown = ({ address, type, about }: ReceivedEvent): string => `${address}: ${type} of ${about}`;
