import { type ExecutionResult, GraphQLObjectType, GraphQLSchema, GraphQLString, getOperationAST, parse } from 'graphql';
import { expect, it } from 'vitest';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import type { LogPosition } from '../../src/changes/log-position.ts';
import type { EventSlots } from '../../src/graphql/operation/event-slots.ts';
import { SharedRuns, Subscriber } from '../../src/graphql/operation/subscriber.ts';
import { subscribe } from '../../src/graphql/operation/subscription.ts';
import { subscriptionKey } from '../../src/graphql/operation/subscription-key.ts';
import type { RunEvent } from '../../src/graphql/operation/subscription-run.ts';
import { createContext } from '../../src/graphql/request-context.ts';
import type { FeedEntry } from '../../src/realtime/feed.logs.ts';
import { FeedSource, type Reading } from '../../src/realtime/feed.source.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const FREE: EventSlots = { begin: async () => ({ end: () => {} }) };

/** Change logs in memory, and subscribers to all of them who ask the same. */
class Lab {
  /** How often each event was executed, by its name. */
  readonly executed = new Map<string, number>();
  readers = 0;
  private readonly logs = new Map<string, FeedEntry[]>();
  private readonly runs = new SharedRuns();
  private wakeUps: (() => void)[] = [];
  private failure: Error | null = null;
  /** The time of the entries, by which logs differ. */
  private replacements = 1;

  /** The lengths of the results that the shared run has now. */
  get kept(): number[] | undefined {
    return this.runs.get('equal')?.kept.events.map((event) => (event as RunEvent).length);
  }

  /** Lets readers fail from now on, until it is called with null. */
  fail(error: Error | null): void {
    this.failure = error;
    for (const wake of this.wakeUps.splice(0)) wake();
  }

  append(log: string, name: string, kind: LoggedChange['kind'] = 'created'): void {
    const entries = this.logs.get(log) ?? [];
    const sequence = (entries.at(-1)?.position.sequence ?? 0n) + 1n;
    this.logs.set(log, [...entries, entryOf(log, name, kind, sequence, entries.at(-1)?.position.at ?? 1)]);
    for (const wake of this.wakeUps.splice(0)) wake();
  }

  /** Puts another log, which ends at an earlier sequence, in the place of one: its readers come to a reset. */
  replace(log: string, sequence: bigint): void {
    this.logs.set(log, [entryOf(log, `reset of ${log}`, 'reset', sequence, ++this.replacements)]);
    for (const wake of this.wakeUps.splice(0)) wake();
  }

  get ends(): Map<string, LogPosition> {
    return new Map(
      [...this.logs].flatMap(([log, entries]) => entries.slice(-1).map(({ position }) => [log, position])),
    );
  }

  /** `after`: the positions to begin at. Absent: from now on. */
  subscribe({ after, slots = FREE }: { after?: ReadonlyMap<string, LogPosition>; slots?: EventSlots } = {}) {
    const present = this.ends;
    const done = new AbortController();
    const positions = after ?? present;
    const source = new FeedSource<string>(
      {
        begin: async () => ({
          position: { all: true, positions },
          present: after ? { all: true, positions: present } : null,
        }),
        events: (...reading) => this.events(...reading),
      },
      done.signal,
    );
    const execute = async (event: unknown, signal: AbortSignal) => {
      this.executed.set(`${event}`, (this.executed.get(`${event}`) ?? 0) + 1);
      await settled();
      return { data: { event: signal.aborted ? `${event} under an aborted signal` : event } };
    };
    const opening = { abort: () => {}, leave: () => {} };
    const options = { runs: this.runs, key: 'equal', slots, signal: done.signal };
    const results = new Subscriber(options, { source, execute } as never, opening);
    const seen: string[] = [];
    return {
      seen,
      results,
      /** Reads without end. */
      read: async () => {
        for await (const { data } of results) seen.push(`${data?.event}`);
      },
      readOne: async () => {
        const { done: isDone, value } = await results.next();
        if (!isDone) seen.push(`${value?.data?.event}`);
      },
      leave: () => done.abort(),
    };
  }

  private async *events(...[, reached, signal]: Reading) {
    this.readers++;
    try {
      while (!signal.aborted) {
        if (this.failure) throw this.failure;
        const next = [...this.logs].flatMap(([log, entries]) => {
          const at = reached.get(log);
          const isReplaced = entries[0]?.position.at !== (at?.at ?? entries[0]?.position.at);
          const found = entries.find(({ position }) => isReplaced || position.sequence > (at?.sequence ?? 0n));
          return found ? [found] : [];
        })[0];
        if (!next) {
          await new Promise<void>((resolve) => {
            this.wakeUps.push(resolve);
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
          continue;
        }
        const { change, position } = next;
        if (change.kind === 'deleted') {
          reached.set(change.integrationId, position);
          continue;
        }
        yield { event: change.subject, entry: next, positions: new Map(reached).set(change.integrationId, position) };
        reached.set(change.integrationId, position);
      }
    } finally {
      this.readers--;
    }
  }
}

const entryOf = (log: string, name: string, kind: LoggedChange['kind'], sequence: bigint, at: number): FeedEntry => ({
  change: { integrationId: log, sequence, kind, subject: name, detail: null, at: new Date(at), writtenAt: 0 },
  position: { sequence, at },
});

it('equal subscribers have one reader and one execution of each event, and all of them receive it', async () => {
  const lab = new Lab();
  lab.append('a', 'before');
  const subscribers = Array.from({ length: 50 }, () => lab.subscribe());
  const reading = subscribers.map(({ read }) => read());
  await settled();
  for (const name of ['a1', 'a2', 'a3']) lab.append('a', name);
  await expect.poll(() => subscribers.every(({ seen }) => seen.length === 3)).toBe(true);
  expect(new Set(subscribers.map(({ seen }) => seen.join()))).toEqual(new Set(['a1,a2,a3']));
  expect({ readers: lab.readers, executed: [...lab.executed] }).toEqual({
    readers: 1,
    executed: ['a1', 'a2', 'a3'].map((name) => [name, 1]),
  });
  for (const { leave } of subscribers) leave();
  await Promise.all(reading);
  expect(lab.readers).toBe(0);
});

it('one who begins later receives nothing that was there before', async () => {
  const lab = new Lab();
  const first = lab.subscribe();
  const pending = first.readOne();
  await settled();
  lab.append('a', 'a1');
  lab.append('a', 'a2');
  // The run has read no more than its subscriber has taken.
  await pending;
  const later = lab.subscribe();
  const reading = [first.read(), later.read()];
  await settled();
  lab.append('a', 'a3');
  await expect.poll(() => [first.seen, later.seen]).toEqual([['a1', 'a2', 'a3'], ['a3']]);
  expect(lab.executed.get('a3')).toBe(1);
  first.leave();
  later.leave();
  await Promise.all(reading);
});

it('one who does not read slows nobody, and in the end receives everything once, in order', async () => {
  const lab = new Lab();
  let release = () => {};
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slots = { begin: () => blocked.then(() => ({ end: () => {} })) };
  const [slow, fast] = [lab.subscribe({ slots }), lab.subscribe()];
  const reading = [slow.read(), fast.read()];
  await settled();
  const names = Array.from({ length: 300 }, (_, n) => `a${n}`);
  for (const name of names) lab.append('a', name);
  await expect.poll(() => fast.seen).toEqual(names);
  expect(slow.seen).toEqual([]);
  release();
  await expect.poll(() => slow.seen).toEqual(names);
  // It has caught up, so the next event is executed once again.
  await expect.poll(() => lab.readers).toBe(1);
  lab.append('a', 'last');
  await expect.poll(() => slow.seen.at(-1)).toBe('last');
  expect(lab.executed.get('last')).toBe(1);
  slow.leave();
  fast.leave();
  await Promise.all(reading);
});

it('who is not executing waits for no slot where there is room, and nobody waits for a slot of another', async () => {
  const lab = new Lab();
  let begun = 0;
  const never = { begin: () => new Promise<null>(() => {}), hasRoom: () => false };
  const roomy = {
    begin: () => {
      begun++;
      return { end: () => {} };
    },
    hasRoom: () => true,
  };
  const stuck = lab.subscribe({ slots: never });
  const others = Array.from({ length: 20 }, () => lab.subscribe({ slots: roomy }));
  const reading = [stuck, ...others].map(({ read }) => read());
  await settled();
  for (const name of ['a1', 'a2', 'a3']) lab.append('a', name);
  await expect.poll(() => others.every(({ seen }) => seen.join() === 'a1,a2,a3')).toBe(true);
  expect([begun, ...lab.executed.values(), stuck.seen.length]).toEqual([3, 1, 1, 1, 0]);
  for (const { leave } of [stuck, ...others]) leave();
  await Promise.all(reading);
  expect(lab.readers).toBe(0);
});

it('one who begins at an earlier position replays alone, and then shares with the others', async () => {
  const lab = new Lab();
  for (const name of ['a1', 'a2', 'a3']) lab.append('a', name);
  const after = new Map([['a', { sequence: 1n, at: 1 }]]);
  const [present, replaying, alike] = [lab.subscribe(), lab.subscribe({ after }), lab.subscribe({ after: lab.ends })];
  const reading = [present.read(), replaying.read(), alike.read()];
  await expect.poll(() => replaying.seen).toEqual(['a2', 'a3']);
  await expect.poll(() => lab.readers).toBe(1);
  lab.append('a', 'a4');
  await expect.poll(() => [present.seen, replaying.seen, alike.seen]).toEqual([['a4'], ['a2', 'a3', 'a4'], ['a4']]);
  expect(lab.executed.get('a4')).toBe(1);
  for (const { leave } of [present, replaying, alike]) leave();
  await Promise.all(reading);
});

it('one whose position is of a log that was replaced receives the reset, and all that follows it', async () => {
  const lab = new Lab();
  for (let n = 1; n <= 5; n++) lab.append('a', `old ${n}`);
  const after = lab.ends;
  lab.replace('a', 2n);
  const [present, old] = [lab.subscribe(), lab.subscribe({ after })];
  const reading = [present.read(), old.read()];
  await expect.poll(() => old.seen).toEqual(['reset of a']);
  lab.append('a', 'new 3');
  await expect.poll(() => [present.seen, old.seen]).toEqual([['new 3'], ['reset of a', 'new 3']]);
  // The log is replaced while both share a run.
  lab.replace('a', 1n);
  lab.append('a', 'newest 2');
  await expect.poll(() => present.seen).toEqual(['new 3', 'reset of a', 'newest 2']);
  await expect.poll(() => old.seen.slice(2)).toEqual(['reset of a', 'newest 2']);
  for (const { leave } of [present, old]) leave();
  await Promise.all(reading);
});

it('what ends the reader is reported to every subscriber, and another is read for the next one', async () => {
  const lab = new Lab();
  const subscribers = [lab.subscribe(), lab.subscribe()];
  const reading = subscribers.map(({ read }) => read().catch((error: Error) => error.message));
  await settled();
  lab.fail(new Error('the reader failed'));
  expect(await Promise.all(reading)).toEqual(['the reader failed', 'the reader failed']);
  lab.fail(null);
  const next = lab.subscribe();
  const following = next.read();
  await settled();
  lab.append('a', 'a1');
  await expect.poll(() => next.seen).toEqual(['a1']);
  next.leave();
  await following;
});

it('a reader that fails where the others are is shared with nobody', async () => {
  const lab = new Lab();
  lab.append('a', 'a1');
  const after = lab.ends;
  lab.append('a', 'without an event', 'deleted');
  const failing = lab
    .subscribe({ after })
    .read()
    .catch((error: Error) => error.message);
  await settled();
  lab.fail(new Error('the reader failed'));
  expect(await failing).toBe('the reader failed');
  lab.fail(null);
  const next = lab.subscribe();
  const following = next.read();
  await settled();
  lab.append('a', 'a3');
  await expect.poll(() => next.seen).toEqual(['a3']);
  next.leave();
  await following;
});

it('who is behind when the reader fails still receives what was read before', async () => {
  const lab = new Lab();
  let release = () => {};
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const behind = lab.subscribe({ slots: { begin: () => blocked.then(() => ({ end: () => {} })) } });
  const readings = [behind.read().catch((error: Error) => error.message)];
  await settled();
  lab.append('a', 'a1');
  await settled();
  readings.push(
    lab
      .subscribe()
      .read()
      .catch((error: Error) => error.message),
  );
  await settled();
  lab.fail(new Error('the reader failed'));
  await readings[1];
  release();
  expect(await Promise.all(readings)).toEqual(['the reader failed', 'the reader failed']);
  expect(behind.seen).toEqual(['a1']);
});

it('a result is kept until every subscriber has sent it', async () => {
  const lab = new Lab();
  const [first, second] = [lab.subscribe(), lab.subscribe()];
  const pending = [first.readOne(), second.readOne()];
  await settled();
  lab.append('a', 'a1');
  await Promise.all(pending);
  const reading = [first.read()];
  const length = '{"data":{"event":"a1"}}'.length;
  expect(lab.kept).toEqual([length]);
  reading.push(second.read());
  expect(lab.kept).toEqual([0]);
  lab.append('a', 'a2');
  await expect.poll(() => [first.seen.at(-1), second.seen.at(-1)]).toEqual(['a2', 'a2']);
  await expect.poll(() => lab.kept).toEqual([0]);
  first.leave();
  second.leave();
  await Promise.all(reading);
});

it('a log that begins again repeats nothing of another log', async () => {
  const lab = new Lab();
  for (const log of ['a', 'b']) lab.append(log, `${log}1`);
  const first = lab.subscribe();
  const begun = first.readOne();
  await settled();
  lab.append('a', 'a2');
  await begun;
  lab.append('b', 'b2');
  const later = lab.subscribe();
  lab.replace('a', 1n);
  const reading = [first.read(), later.read()];
  await expect.poll(() => [first.seen, later.seen]).toEqual([['a2', 'reset of a', 'b2'], ['reset of a']]);
  lab.append('b', 'b3');
  await expect.poll(() => later.seen).toEqual(['reset of a', 'b3']);
  first.leave();
  later.leave();
  await Promise.all(reading);
});

it('the errors of a shared event name no request, and those of an event for one subscriber name its own', async () => {
  const fields = {
    failing: {
      type: GraphQLString,
      subscribe: () => {
        const entry = entryOf('a', 'a1', 'created', 1n, 1);
        const begin = async () => ({ position: { all: true, positions: new Map() }, present: null });
        const events = async function* () {
          yield { event: {}, entry, positions: new Map() };
        };
        return new FeedSource({ begin, events }, new AbortController().signal);
      },
      resolve: () => {
        throw new Error('it failed');
      },
    },
  };
  const query = new GraphQLObjectType({ name: 'Query', fields: { unused: { type: GraphQLString } } });
  const schema = new GraphQLSchema({ query, subscription: new GraphQLObjectType({ name: 'Subscription', fields }) });
  const contextValue = createContext({ requestId: 'mine', signal: new AbortController().signal } as never);
  const requests: (string | undefined)[] = [];
  for (const key of ['equal', null]) {
    const shown = ({ errors }: ExecutionResult, context: { requestId: string } | null) => {
      requests.push(`${errors?.[0]?.message} ${context?.requestId}`);
      return {};
    };
    const limited = (work: (end: () => void) => unknown) => work(() => {});
    const args = { schema, document: parse('subscription { failing }'), contextValue };
    const results = await subscribe(args, { ...FREE, limited } as never, { runs: new SharedRuns(), key, shown });
    await (results as AsyncGenerator).next();
  }
  expect(requests).toEqual(['it failed undefined', 'it failed mine']);
});

it('subscribers come, go and pause, and each receives every event after its beginning, once and in order', async () => {
  const seed = seedOf();
  console.info(`the steps are picked by seed ${seed}`);
  const chance = new Chance(seed);
  const lab = new Lab();
  const all = new Map<string, string[]>([
    ['a', []],
    ['b', []],
  ]);
  const open: {
    subscriber: ReturnType<Lab['subscribe']>;
    begins: Map<string, number>;
    reading: Promise<void> | null;
  }[] = [];
  const lengths = () => new Map([...all].map(([log, names]) => [log, names.length]));
  for (let step = 0; step < 600; step++) {
    const act = chance.below(10);
    const one = open[chance.below(Math.max(1, open.length))];
    if (act < 5) {
      const log = chance.one(['a', 'b']);
      const names = all.get(log) as string[];
      names.push(`${log}${names.length}`);
      lab.append(log, names.at(-1) ?? '');
    } else if (act === 5) {
      open.push({ subscriber: lab.subscribe(), begins: lengths(), reading: null });
    } else if (act === 6) {
      const begins = new Map([...lengths()].map(([log, length]) => [log, chance.below(length + 1)]));
      const positions = [...begins].map(([log, n]): [string, LogPosition] => [
        log,
        { sequence: BigInt(n), at: n === 0 ? null : 1 },
      ]);
      open.push({ subscriber: lab.subscribe({ after: new Map(positions) }), begins, reading: null });
    } else if (act === 7 && one) {
      one.reading ??= one.subscriber.read();
    } else if (act === 8 && one?.reading) {
      one.subscriber.leave();
      await one.reading;
      open.splice(open.indexOf(one), 1);
    } else await settled();
  }
  for (const one of open) one.reading ??= one.subscriber.read();
  for (const { subscriber, begins } of open) {
    const wanted = (log: string) => (all.get(log) ?? []).slice(begins.get(log)).join();
    const got = (log: string) => subscriber.seen.filter((name) => name.startsWith(log)).join();
    await expect.poll(() => [got('a'), got('b')], { message: `seed ${seed}` }).toEqual([wanted('a'), wanted('b')]);
  }
  await expect.poll(() => lab.readers, { message: `seed ${seed}` }).toBe(1);
  for (const { subscriber } of open) subscriber.leave();
  await Promise.all(open.map(({ reading }) => reading));
  expect(lab.readers).toBe(0);
});

it('shares only what is asked in the same way, by the same viewer with the same rights', () => {
  const principal = { userId: 'u', kind: 'session', scopes: ['*'], expiresAt: new Date(0) };
  const source =
    'subscription ($role: MailboxRole, $after: Cursor) { messageReceived(role: $role, after: $after) { cursor } }';
  const key = (more: object = {}, who: object = {}, text = source) => {
    const document = parse(text);
    const operation = getOperationAST(document, null);
    if (!operation) throw new Error('there is no operation');
    const context = { principal: { ...principal, ...who }, noCache: 'noCache' in more };
    return subscriptionKey({ source: text, document, operation, request: { query: text, ...more }, context });
  };
  const one = key({ variables: { role: 'INBOX', after: 'x' } });
  expect(one).toBe(key({ variables: { after: 'y', role: 'INBOX' } }, { sessionId: 'another' }));
  const others = [
    key({ variables: { role: null } }),
    key({ variables: { role: 'INBOX' }, operationName: 'other' }),
    key({ variables: { role: 'INBOX' }, extensions: { a: 1 } }),
    key({ variables: { role: 'INBOX' }, noCache: true }),
    key({ variables: { role: 'INBOX' } }, { userId: 'another' }),
    key({ variables: { role: 'INBOX' } }, { kind: 'token' }),
    key({ variables: { role: 'INBOX' } }, { scopes: ['read'] }),
    key({ variables: { role: 'INBOX' } }, {}, `${source} `),
  ];
  expect(new Set([one, ...others]).size).toBe(9);
  expect(key({ extensions: { cost: true } })).toBeNull();
  let deep: unknown = 'deep';
  for (let n = 0; n < 100_000; n++) deep = [deep];
  expect(key({ variables: { deep } })).toBeNull();
  // A cursor that is used elsewhere too says more than where the subscription begins.
  const twice =
    'subscription ($after: Cursor) { messageReceived(after: $after) { integration { changes(after: $after) { pageInfo { endCursor } } } } }';
  expect(key({ variables: { after: 'x' } }, {}, twice)).not.toBe(key({ variables: { after: 'y' } }, {}, twice));
});

it('a subscriber whose client has left is not idle before its source has begun, so that its work still counts', async () => {
  let begun = () => {};
  const beginning = new Promise((resolve) => {
    begun = () => resolve({ position: 0, present: null });
  });
  const subscriber = new Subscriber(
    { key: null, runs: new SharedRuns(), slots: FREE, signal: new AbortController().signal },
    { source: { begin: () => beginning } } as never,
    { abort: () => {}, leave: () => {} },
  );
  const next = subscriber.next();
  await subscriber.return();
  expect(await next).toEqual({ done: true, value: undefined });
  let isIdle = false;
  subscriber.whenIdle(() => {
    isIdle = true;
  });
  await settled();
  expect(isIdle).toBe(false);
  begun();
  await settled();
  expect(isIdle).toBe(true);
});
