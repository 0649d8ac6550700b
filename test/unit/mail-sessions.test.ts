import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IDLE_TIMEOUT_MS, MailSessions } from '../../src/accounts/handles/mail-sessions.ts';
import { recoveringSession } from '../../src/accounts/handles/recovering-session.ts';
import { RequestLimiters } from '../../src/accounts/handles/request-limiters.ts';
import type { IntegrationRecord } from '../../src/accounts/integrations/integration.ts';
import { MailError } from '../../src/domain/error.ts';
import type { RequestLimiter } from '../../src/providers/contract/call.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import type { SessionOptions } from '../../src/providers/contract/provider.ts';
import { openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

const signal = new AbortController().signal;
const call = { signal, priority: 'interactive' } as const;
const WINDOW_MS = 60_000;
const MINUTE = 60_000;

/** The sessions that the provider has opened, and the addresses of those that were closed. */
let opened: SessionOptions[];
let closed: string[];
let closing: () => Promise<void>;
/** Whether the sessions can listen, and the functions that lose the connection of each. */
let listens: boolean;
let lost: (() => void)[];
let finishReading: () => void;
const provider = fakeProvider({
  limits: { concurrency: 4, streams: 2, units: 1_000, windowMs: WINDOW_MS },
  open: (account) => {
    opened.push(account);
    return {
      listMailboxes: async () => [],
      identities: async () => [],
      readRaw: () => new Promise<void>((resolve) => (finishReading = resolve)),
      listen: listens ? () => new Promise<void>((resolve) => lost.push(resolve)) : undefined,
      close: async () => {
        closed.push(account.address);
        await closing();
      },
    } as unknown as MailSession;
  },
});
const addresses = () => opened.map(({ address }) => address);

/** The stored integrations, and what is awaited when one is read. */
let records: Map<string, IntegrationRecord>;
let reading: (id: string) => Promise<void>;
let notify: (id: string | null) => void;
let forgotten: string[];
let healed: string[];
let limiters: RequestLimiters;
let sessions: MailSessions;
beforeEach(() => {
  vi.useFakeTimers();
  [opened, closed, forgotten, healed, records] = [[], [], [], [], new Map()];
  closing = async () => {};
  [listens, lost] = [false, []];
  reading = async () => {};
  notify = () => {};
  limiters = new RequestLimiters({ log: silent });
  sessions = new MailSessions({
    providers: [provider],
    directory: {
      get: async (id) => {
        const record = records.get(id) ?? null;
        await reading(id);
        return record;
      },
      onChanged: (fn) => {
        notify = (id) => fn(id, null);
        return () => {
          notify = () => {};
        };
      },
    },
    tokens: { get: async () => 'token', forget: (id) => void forgotten.push(id) },
    health: { refused: async () => {}, answered: async ({ id }) => void healed.push(id) },
    limiters,
    log: silent,
  });
});
afterEach(() => {
  vi.useRealTimers();
  void sessions.close();
});

function stored(id: string, more: Partial<IntegrationRecord> = {}): string {
  records.set(id, {
    id,
    userId: 'ada',
    provider: 'GMAIL',
    address: `${id}@mail.example`,
    status: 'CONNECTED',
    access: 'FULL',
    scopes: ['read'],
    problem: null,
    connectedAt: new Date(1),
    lastEventAt: null,
    lastReconciledAt: null,
    ...more,
  });
  return id;
}
/** Waits until the notified changes have been read. */
const changesRead = () => vi.advanceTimersByTimeAsync(0);
async function becomes(id: string, more: Partial<IntegrationRecord>): Promise<void> {
  stored(id, { ...records.get(id), ...more });
  notify(id);
  await changesRead();
}

it('is opened when it is first requested, and then shared', async () => {
  const id = stored('a');
  const [first, second] = await Promise.all([sessions.get(id), sessions.get(id)]);
  expect(second).toBe(first);
  expect(await sessions.get(id)).toBe(first);
  expect(opened).toMatchObject([{ address: 'a@mail.example', access: 'FULL', scopes: ['read'] }]);
});

it('is refused when there is no such integration, or its grant has ended', async () => {
  await expect(sessions.get('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const problem = { code: 'RECONNECT_REQUIRED' as const, message: 'You disconnected this account.' };
  const id = stored('a', { status: 'DISCONNECTED', problem });
  await expect(sessions.get(id)).rejects.toMatchObject({ code: 'RECONNECT_REQUIRED', message: /disconnected/ });
  expect(opened).toEqual([]);
});

describe('is closed', () => {
  it('after a time without requests, together with the token that was kept for it', async () => {
    const [used, idle] = [stored('used'), stored('idle')];
    await Promise.all([sessions.get(used), sessions.get(idle)]);
    for (let ms = 0; ms < IDLE_TIMEOUT_MS + MINUTE; ms += MINUTE) {
      await sessions.get(used);
      await vi.advanceTimersByTimeAsync(MINUTE);
    }
    expect([closed, forgotten]).toEqual([['idle@mail.example'], ['idle']]);
    await sessions.get(idle);
    expect(addresses()).toEqual(['used@mail.example', 'idle@mail.example', 'idle@mail.example']);
  });

  it('not while it only listens, but some time after its connection was lost', async () => {
    listens = true;
    const session = await sessions.get(stored('held'));
    void session.listen?.(() => {}, call);
    await vi.advanceTimersByTimeAsync(3 * IDLE_TIMEOUT_MS);
    expect([closed, sessions.size]).toEqual([[], 1]);
    lost[0]?.();
    await vi.advanceTimersByTimeAsync(IDLE_TIMEOUT_MS - MINUTE);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(closed).toEqual(['held@mail.example']);
  });

  it('not while a call runs in it, but some time after the call ended', async () => {
    const session = await sessions.get(stored('busy'));
    const reading = session.readRaw('m1', call);
    await vi.advanceTimersByTimeAsync(3 * IDLE_TIMEOUT_MS);
    expect([closed, await sessions.get('busy')]).toEqual([[], session]);
    finishReading();
    await reading;
    await vi.advanceTimersByTimeAsync(IDLE_TIMEOUT_MS - MINUTE);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(closed).toEqual(['busy@mail.example']);
  });

  it('although it could listen, when nobody uses that', async () => {
    listens = true;
    await sessions.get(stored('idle'));
    await vi.advanceTimersByTimeAsync(IDLE_TIMEOUT_MS + MINUTE);
    expect(closed).toEqual(['idle@mail.example']);
    listens = false;
    expect((await sessions.get(stored('other'))).listen).toBeUndefined();
  });

  it.each(['DISCONNECTED', 'RECONNECT_REQUIRED'] as const)('when its integration is %s', async (status) => {
    await sessions.get(stored('a'));
    await becomes('a', { status });
    expect([closed, sessions.size]).toEqual([['a@mail.example'], 0]);
  });

  it('when the account is connected again, even with the same access: the next one has the new grant', async () => {
    const before = await sessions.get(stored('a'));
    await becomes('a', { connectedAt: new Date(2) });
    expect(closed).toHaveLength(1);
    expect(await sessions.get('a')).not.toBe(before);
    await becomes('a', { access: 'READ', connectedAt: new Date(3) });
    await sessions.get('a');
    expect([opened.map(({ access }) => access), closed.length]).toEqual([['FULL', 'FULL', 'READ'], 2]);
  });

  it('as soon as the integration can be read, when it could not be read at the notification', async () => {
    await sessions.get(stored('a'));
    reading = async () => Promise.reject(new MailError('STORE_UNAVAILABLE', 'away'));
    await becomes('a', { status: 'DISCONNECTED' });
    expect(closed).toEqual([]);
    reading = async () => {};
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(closed).toEqual(['a@mail.example']);
  });

  it('when any integration may have changed, but only where its own has', async () => {
    await Promise.all([sessions.get(stored('a')), sessions.get(stored('b'))]);
    records.delete('b');
    notify(null);
    await changesRead();
    expect(closed).toEqual(['b@mail.example']);
  });

  it('when the process stops, which waits for open sessions, but not for one that hangs', async () => {
    await Promise.all([sessions.get(stored('a')), sessions.get(stored('b'))]);
    closing = () => new Promise(() => {});
    let isClosed = false;
    const stopping = sessions.close().then(() => {
      isClosed = true;
    });
    await changesRead();
    expect([closed.length, isClosed]).toEqual([2, false]);
    await vi.advanceTimersByTimeAsync(10_000);
    await stopping;
    await expect(sessions.get('a')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(opened).toHaveLength(2);
  });

  it('although closing it fails', async () => {
    await sessions.get(stored('a'));
    closing = async () => Promise.reject(new Error('the connection was lost'));
    await becomes('a', { connectedAt: new Date(2) });
    await sessions.get('a');
    expect(sessions.size).toBe(1);
  });
});

it('stays open while its account is in status ERROR, which the first answer of the mailbox ends', async () => {
  await sessions.get(stored('a'));
  await becomes('a', { status: 'ERROR' });
  const session = await sessions.get('a');
  // Microsoft's directory also answers for accounts without a mailbox, so its answer ends no ERROR.
  await session.identities(call);
  expect(healed).toEqual([]);
  await session.listMailboxes(call);
  expect([healed, closed, opened.length]).toEqual([['a'], [], 1]);
  await becomes('a', { status: 'CONNECTED' });
  await (await sessions.get('a')).listMailboxes(call);
  expect(healed).toEqual(['a']);
});

it('is the same during an ERROR and after it, and its connection is closed with it', async () => {
  const id = stored('a');
  const before = await sessions.get(id);
  await becomes(id, { status: 'ERROR' });
  const during = await sessions.get(id);
  await during.listMailboxes(call);
  await becomes(id, { status: 'CONNECTED' });
  const after = await sessions.get(id);
  await after.listMailboxes(call);
  expect([during === before, after === before, healed]).toEqual([true, true, ['a']]);

  const held: Holding[] = [];
  const holding = recoveringSession(new Holding(held) as unknown as MailSession, { answered: async () => {} });
  await holding.identities(call);
  await holding.listMailboxes(call);
  expect(held).toHaveLength(1);
  await holding.close();
  expect(held).toEqual([]);
});

/** A session that holds a connection open, as one over IMAP does. */
class Holding {
  #connection: Holding | null = null;

  constructor(private readonly held: Holding[]) {}

  async identities() {
    this.connect();
    return [];
  }

  async listMailboxes() {
    this.connect();
    return [];
  }

  async close() {
    this.#connection = null;
    this.held.pop();
  }

  private connect() {
    if (this.#connection === null) this.held.push(this);
    this.#connection = this;
  }
}

describe('when the integration cannot be read for now', () => {
  it('delays no other account, and is opened once for all that waited', async () => {
    let go = () => {};
    const hanging = new Promise<void>((resolve) => {
      go = resolve;
    });
    reading = (id) => (id === 'hanging' ? hanging : Promise.resolve());
    const waiting = [stored('hanging'), 'hanging'].map((id) => sessions.get(id));
    await sessions.get(stored('other'));
    expect(addresses()).toEqual(['other@mail.example']);
    go();
    const [first, second] = await Promise.all(waiting);
    expect([first === second, opened.length]).toEqual([true, 2]);
  });

  it('is not opened with a grant that was replaced or ended meanwhile', async () => {
    let go = () => {};
    reading = () =>
      new Promise((resolve) => {
        go = resolve;
      });
    const waiting = sessions.get(stored('a', { access: 'READ' }));
    stored('a', { access: 'FULL', connectedAt: new Date(2) });
    notify('a');
    reading = async () => {};
    go();
    await waiting;
    expect(opened.map(({ access }) => access)).toEqual(['FULL']);
  });

  it('is not opened after the process has stopped', async () => {
    let go = () => {};
    reading = () =>
      new Promise((resolve) => {
        go = resolve;
      });
    const waiting = sessions.get(stored('a'));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    await sessions.close();
    go();
    await refused;
    expect(opened).toEqual([]);
  });
});

describe('the limiter of a mailbox', () => {
  const limiterOf = async (id: string): Promise<RequestLimiter> => {
    await sessions.get(id);
    return opened.at(-1)?.limiter as RequestLimiter;
  };
  const spend = (limiter: RequestLimiter, units = 1) =>
    limiter.request({ operation: 'list', units, slots: 1, safe: true }, call, async () => {});

  it('is shared by two users of the mailbox, and outlives a reconnect', async () => {
    const first = await limiterOf(stored('a', { address: 'Team@mail.example' }));
    expect(await limiterOf(stored('b', { address: 'team@mail.example', userId: 'bob' }))).toBe(first);
    await becomes('a', { connectedAt: new Date(2) });
    expect(await limiterOf('a')).toBe(first);
    expect(await limiterOf(stored('c'))).not.toBe(first);
  });

  it('is kept while a session has it, and then until nothing in it counts any more', async () => {
    const first = await limiterOf(stored('a'));
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(await limiterOf('a')).toBe(first);
    await spend(first, 1_000);
    await becomes('a', { status: 'DISCONNECTED' });
    await vi.advanceTimersByTimeAsync(WINDOW_MS - 1);
    expect(limiters.size).toBe(1);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(limiters.size).toBe(0);
  });

  it('keeps its cooldown, also when nobody has the account open', async () => {
    const limiter = await limiterOf(stored('a'));
    const refusal = new MailError('RATE_LIMITED', 'too many', { retryAfterMs: 40 * MINUTE });
    const refused = limiter.request({ operation: 'list', units: 1, slots: 1, safe: true }, call, async () => {
      throw refusal;
    });
    await expect(refused).rejects.toBe(refusal);
    await becomes('a', { status: 'DISCONNECTED' });
    await vi.advanceTimersByTimeAsync(30 * MINUTE);
    await becomes('a', { status: 'CONNECTED', connectedAt: new Date(2) });
    expect(await limiterOf('a')).toBe(limiter);
    await expect(spend(limiter)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('is kept while a request of it is under way', async () => {
    const limiter = await limiterOf(stored('a'));
    let answer = () => {};
    const hanging = limiter.request(
      { operation: 'file', units: 1, slots: 1, safe: false },
      { ...call, attemptTimeoutMs: 90 * MINUTE },
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    );
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect([sessions.size, limiters.size]).toEqual([0, 1]);
    answer();
    await hanging;
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(limiters.size).toBe(0);
  });
});

it('leaves nothing in memory of 1,000 accounts once they are idle', async () => {
  for (let n = 0; n < 1_000; n++) {
    await sessions.get(stored(`account${n}`));
    const limiter = opened.at(-1)?.limiter;
    await limiter?.request({ operation: 'list', units: 1, slots: 1, safe: true }, call, async () => {});
  }
  expect([sessions.size, limiters.size]).toEqual([1_000, 1_000]);
  await vi.advanceTimersByTimeAsync(IDLE_TIMEOUT_MS + 2 * MINUTE);
  expect([sessions.size, limiters.size, closed.length, forgotten.length]).toEqual([0, 0, 1_000, 1_000]);
});

describe.each(TEST_DATABASES)('on two instances over %s', (kind) => {
  beforeEach(() => vi.useRealTimers());

  it('each has one of its own, and both are closed by a disconnect and by a reconnect on either', async () => {
    const db = await openTestDatabase(kind);
    const [a, b] = [
      await openAccounts(db, { providers: [provider] }),
      await openAccounts(db, { providers: [provider] }),
    ];
    const userId = await a.user();
    const id = await a.connected(userId);
    await Promise.all([a, a, b, b].map((instance) => instance.sessions.get(id)));
    expect(opened).toHaveLength(2);
    await b.connected(userId, 'WRITE');
    await expect.poll(() => [a.sessions.size, b.sessions.size]).toEqual([0, 0]);
    await Promise.all([a, b].map((instance) => instance.sessions.get(id)));
    expect(opened.map(({ access }) => access)).toEqual(['READ', 'READ', 'WRITE', 'WRITE']);
    await a.disconnect.disconnect(userId, id);
    await expect.poll(() => [a.sessions.size, b.sessions.size]).toEqual([0, 0]);
    expect(closed).toHaveLength(4);
    await Promise.all([a.sessions.close(), b.sessions.close()]);
    await db.close();
  });
});
