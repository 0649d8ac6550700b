import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reachability } from '../../src/accounts/integrations/reachability.ts';
import { backoffMs } from '../../src/changes/backoff.ts';
import type { ChangeStore, NewChange } from '../../src/changes/change.store.ts';
import { Coalescer } from '../../src/changes/coalescer.ts';
import { SyncJob } from '../../src/changes/sync/sync.job.ts';
import { isTransient, MailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import type { LaneOptions } from '../../src/platform/queue/lanes.ts';
import type { Call } from '../../src/providers/contract/call.ts';
import type { ChangePage } from '../../src/providers/contract/mail-session.ts';
import type { Hint } from '../../src/providers/contract/watch.ts';
import { handlesOf } from '../support/app/account-handle.ts';

/** Nothing here waits for anything outside the process, so one turn of the event loop settles everything. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('coalescing', () => {
  it('runs once at a time for a key, and once more for all requests made meanwhile', async () => {
    const runs: string[] = [];
    let release = () => {};
    const coalescer = new Coalescer(
      async (key) => {
        runs.push(key);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      },
      () => {},
    );
    for (let i = 0; i < 10; i++) coalescer.request('a');
    expect(runs).toEqual(['a']);
    release();
    await settled();
    expect(runs).toEqual(['a', 'a']);
    release();
    await settled();
    expect(runs).toEqual(['a', 'a']);
  });

  it('is one run for all requests that come while it waits for more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const runs: string[] = [];
      const coalescer = new Coalescer(
        async (key) => void runs.push(key),
        () => {},
      );
      coalescer.request('a', 250);
      await vi.advanceTimersByTimeAsync(200);
      expect(runs).toEqual([]);
      expect(coalescer.has('a')).toBe(true);
      for (let i = 0; i < 3; i++) coalescer.request('a', 250);
      await coalescer.idle('a');
      expect(runs).toEqual(['a']);
      coalescer.request('a');
      await coalescer.idle('a');
      expect(runs).toEqual(['a', 'a']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('begins at once, while it waits for more requests, when somebody waits for it', async () => {
    const runs: string[] = [];
    const coalescer = new Coalescer(
      async (key) => void runs.push(key),
      () => {},
    );
    coalescer.request('a', 24 * 60 * 60_000);
    coalescer.hurry('b');
    await settled();
    expect(runs).toEqual([]);
    coalescer.hurry('a');
    await coalescer.idle('a');
    expect(runs).toEqual(['a']);
  });

  it('is idle for a key when it neither runs nor is requested, whatever happens to others', async () => {
    const releases = new Map<string, () => void>();
    const coalescer = new Coalescer(
      (key) => new Promise<void>((resolve) => void releases.set(key, resolve)),
      () => {},
    );
    await coalescer.idle('a');
    for (const key of ['a', 'a', 'b']) coalescer.request(key);
    let isIdle = false;
    const idle = coalescer.idle('a').then(() => {
      isIdle = true;
    });
    releases.get('a')?.();
    await settled();
    expect(isIdle).toBe(false);
    releases.get('a')?.();
    await idle;
    expect(coalescer.has('b')).toBe(true);
  });

  it('continues after a failure', async () => {
    const failed: string[] = [];
    let done = 0;
    const coalescer = new Coalescer(
      async (key) => {
        await settled();
        done++;
        if (key === 'k3') throw new Error('no');
      },
      (key) => failed.push(key),
    );
    for (let i = 0; i < 10; i++) coalescer.request(`k${i}`);
    await expect.poll(() => done).toBe(10);
    expect(await coalescer.stop(AbortSignal.abort())).toEqual([]);
    expect(failed).toEqual(['k3']);
  });
});

describe('backing off', () => {
  it('doubles with jitter, and never retries sooner than the provider wants', () => {
    const down = new MailError('PROVIDER_UNAVAILABLE', 'down');
    expect(backoffMs(0, down, () => 0)).toBe(500);
    expect(backoffMs(3, down, () => 1)).toBe(8_000);
    expect(backoffMs(50, down, () => 1)).toBe(30_000);
    // Only connected accounts are tried, so this means that the provider refuses the tokens of a valid grant for now.
    expect(backoffMs(50, new MailError('RECONNECT_REQUIRED', 'refused'), () => 1)).toBe(30_000);
    expect(backoffMs(0, new MailError('RATE_LIMITED', 'slow', { retryAfterMs: 90_000 }))).toBe(90_000);
    expect(isTransient(down)).toBe(true);
    expect(isTransient(new MailError('RECONNECT_REQUIRED', 'gone'))).toBe(false);
    expect(isTransient(new TypeError('a bug'))).toBe(false);
  });
});

/** One account whose change feed is a script. */
class Account {
  cursor: string | null = 'c0';
  log: NewChange[] = [];
  published = 0;
  readonly lines: string[] = [];
  inbox: string[] = [];
  asked: (string | null)[] = [];
  lastReconciledAt: Date | null = new Date(Date.now() - 60_000);
  script: (since: string | null) => ChangePage = () => ({ changes: [], cursor: 'c0', more: false });

  status = 'CONNECTED';
  hints: readonly Hint[] | null = [];
  dueSince: Date | null = null;
  askedAfter: (readonly Hint[] | undefined)[] = [];
  wholeAt: boolean[] = [];
  hangs = false;
  /** The accounts whose provider does not answer, with what lets it answer. */
  readonly held = new Map<string, Promise<void>>();
  /** The accounts that were asked for their changes. */
  read: string[] = [];
  pauses: number[] = [];
  level: (number | null)[] = [];
  readonly reachability = new Reachability();

  constructor(
    private readonly wire = new EventEmitter(),
    private readonly lanes?: LaneOptions,
  ) {}

  readonly job = new SyncJob({
    log: pino({ level: 'info' }, { write: (line) => void this.lines.push(line) }),
    directory: {
      get: async (id) => ({ id, status: this.status, provider: 'GMAIL', address: 'a@mail.example' }) as never,
    },
    pendingSyncs: {
      mark: async () => {},
      heartbeat: async () => {},
      failed: async (_id, pauseMs) => void this.pauses.push(pauseMs),
    },
    reachability: this.reachability,
    ...(this.lanes && { lanes: this.lanes }),
    bus: {
      publish: async (topic, payload) => {
        this.published++;
        this.wire.emit(topic, payload);
      },
      subscribe: (topic, fn) => {
        this.wire.on(topic, fn);
        return () => this.wire.off(topic, fn);
      },
    },
    handles: handlesOf((id) => ({
      changes: async (since: string | null, { signal }: Call, hints?: readonly Hint[]) => {
        this.asked.push(since);
        this.read.push(id);
        this.askedAfter.push(hints);
        await this.held.get(id);
        if (this.hangs) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return this.script(since);
      },
      listMessages: async () => ({
        items: this.inbox.map((id) => ({ id, receivedAt: new Date() }) as Message),
        next: null,
      }),
    })),
    changes: {
      position: async () => ({
        cursor: this.cursor,
        sequence: BigInt(this.log.length),
        lastEventAt: null,
        lastReconciledAt: this.lastReconciledAt,
        notifications: 7,
        hints: this.hints,
        dueSince: this.dueSince,
      }),
      advance: async (
        _id: string,
        from: string | null,
        to: string,
        changes: readonly NewChange[],
        level: number | null,
        isWhole: boolean,
      ) => {
        if (from !== this.cursor) return false;
        this.wholeAt.push(isWhole);
        this.level.push(level);
        this.cursor = to;
        this.log.push(...changes);
        if (level !== null && isWhole) this.lastReconciledAt = new Date();
        return true;
      },
      read: async () => this.log.map((c, i) => ({ ...c, sequence: BigInt(i + 1), integrationId: 'i', at: new Date() })),
    } as unknown as ChangeStore,
  });

  /** The provider does not answer for the account until the function that is returned is called. */
  hold(id: string): () => void {
    let answers = () => {};
    this.held.set(
      id,
      new Promise((resolve) => {
        answers = resolve;
      }),
    );
    return () => answers();
  }

  async sync(): Promise<void> {
    this.job.request('i');
    await settled();
  }
}

describe('a sync', () => {
  it('establishes a cursor first, and logs where the account begins, and nothing of the past', async () => {
    const account = new Account();
    Object.assign(account, { cursor: null, lastReconciledAt: null });
    account.script = () => ({ changes: [], cursor: 'first', more: false });
    await account.sync();
    await account.sync();
    expect(account).toMatchObject({ cursor: 'first', log: [{ kind: 'reset', subject: 'FIRST_SYNC' }], published: 1 });
  });

  it('logs where the account begins when all of it has been read, and again for a mailbox that is read later', async () => {
    const account = new Account();
    Object.assign(account, { cursor: null, lastReconciledAt: null });
    const pages: ChangePage[] = [
      { changes: [], cursor: 'c1', more: true },
      { changes: [{ kind: 'created', messageId: 'm1' }], cursor: 'c2', more: true },
      { changes: [{ kind: 'created', messageId: 'm2' }], cursor: 'c3', more: false },
      { changes: [{ kind: 'created', messageId: 'm3' }], cursor: 'c4', more: false, isFirstRead: true },
    ];
    account.script = () => pages.shift() ?? { changes: [], cursor: 'c4', more: false };
    const begins = { kind: 'reset', subject: 'FIRST_SYNC' };
    const created = (subject: string) => ({ kind: 'created', subject });
    await account.sync();
    expect(account.log).toEqual([created('m1'), created('m2'), begins]);
    await account.sync();
    await account.sync();
    expect(account.log.slice(3)).toEqual([created('m3'), begins]);
  });

  it('logs where the account begins although the provider forgot its cursor during the first sync', async () => {
    const account = new Account();
    account.lastReconciledAt = null;
    account.script = (since) => {
      if (since === 'c0') throw new MailError('CURSOR_EXPIRED', 'forgotten');
      return { changes: [], cursor: 'c1', more: false };
    };
    await account.sync();
    expect(account.log).toEqual([{ kind: 'reset', subject: 'FIRST_SYNC' }]);
  });

  it('reads all pages to the end', async () => {
    const account = new Account();
    account.script = (since) =>
      since === 'c0'
        ? { changes: [{ kind: 'created', messageId: 'm1' }], cursor: 'c1', more: true }
        : { changes: [{ kind: 'mailbox', mailboxId: 'b1' }], cursor: 'c2', more: false };
    await account.sync();
    expect(account.cursor).toBe('c2');
    expect(account.log).toEqual([
      { kind: 'created', subject: 'm1' },
      { kind: 'mailbox', subject: 'b1' },
    ]);
    expect(account.published).toBe(2);
  });

  it('logs what was updated about a message, when the provider reports it', async () => {
    const account = new Account();
    const detail = { mailboxIdsRemoved: ['INBOX'] };
    const updated = (messageId: string) => ({ kind: 'updated', messageId }) as const;
    account.script = () => ({ changes: [{ ...updated('m1'), detail }, updated('m2')], cursor: 'c1', more: false });
    await account.sync();
    expect(account.log).toEqual([
      { kind: 'updated', subject: 'm1', detail },
      { kind: 'updated', subject: 'm2' },
    ]);
  });

  it('requests only what was named, once, and then what there is more', async () => {
    const account = new Account();
    account.hints = [{ kind: 'created', messageId: 'm1' }];
    account.script = (since) => ({ changes: [], cursor: 'c1', more: since === 'c0', partial: since === 'c0' });
    await account.sync();
    expect(account.askedAfter).toEqual([account.hints, []]);
    expect(account.wholeAt).toEqual([false, true]);
  });

  it('requests everything when a notification named nothing, and when it is to reconcile', async () => {
    const account = new Account();
    account.hints = null;
    await account.sync();
    account.hints = [{ kind: 'created', messageId: 'm1' }];
    account.job.requestFullRead('i', () => {});
    await settled();
    await account.sync();
    expect(account.askedAfter).toEqual([undefined, undefined, account.hints]);
  });

  it('says that it follows a notification that named nothing, and announces that nothing was changed', async () => {
    const account = new Account();
    account.hints = null;
    account.dueSince = new Date();
    account.job.request('i', 0, true);
    await settled();
    expect([account.askedAfter, account.log, account.published]).toEqual([[[]], [], 1]);
  });

  it('requests nothing when the pending sync has been done meanwhile, unless something else requests it', async () => {
    const account = new Account();
    const noted = async () => {
      account.job.request('i', 0, true);
      await settled();
    };
    await noted();
    expect(account.asked).toEqual([]);
    account.dueSince = new Date();
    await noted();
    expect(account.asked).toEqual(['c0']);
    account.dueSince = null;
    account.job.poll('i');
    await noted();
    expect(account.asked).toEqual(['c0', 'c0']);
    // A sync that failed is continued, though no pending sync is stored.
    account.script = () => {
      account.script = () => ({ changes: [], cursor: 'c0', more: false });
      throw new MailError('PROVIDER_UNAVAILABLE', 'away');
    };
    account.job.poll('i');
    await settled();
    account.job.request('i', 0, true);
    await expect.poll(() => account.asked).toHaveLength(4);
    account.job.requestFullRead('i', () => {});
    await expect.poll(() => account.asked).toHaveLength(5);
    account.cursor = null;
    await noted();
    expect(account.asked).toHaveLength(6);
  });

  it('remains due for a reconciliation until that has been done', async () => {
    const account = new Account();
    account.hints = [{ kind: 'created', messageId: 'm1' }];
    account.script = () => {
      throw new MailError('RECONNECT_REQUIRED', 'gone');
    };
    account.job.requestFullRead('i', () => {});
    await settled();
    account.script = () => ({ changes: [], cursor: 'c0', more: false });
    account.job.request('i');
    await expect.poll(() => account.askedAfter).toEqual([undefined, undefined]);
    await account.job.stop();
  });

  it('does not count a mere update of a mailbox as missed by notifications', async () => {
    const account = new Account();
    let missed = 0;
    account.script = () => ({ changes: [{ kind: 'mailbox', mailboxId: 'b1' }], cursor: 'c0', more: false });
    account.job.requestFullRead('i', () => missed++);
    await settled();
    expect(missed).toBe(0);
    account.script = () => ({ changes: [{ kind: 'created', messageId: 'm1' }], cursor: 'c0', more: false });
    account.job.requestFullRead('i', () => missed++);
    await settled();
    expect(missed).toBe(1);
  });

  it('continues from the cursor of another instance', async () => {
    const account = new Account();
    let stolen = false;
    account.script = (since) => {
      if (!stolen) {
        stolen = true;
        account.cursor = 'theirs';
      }
      return { changes: [{ kind: 'created', messageId: `after ${since}` }], cursor: `${since}+`, more: false };
    };
    await account.sync();
    expect(account.asked).toEqual(['c0', 'theirs']);
    expect(account.log).toEqual([{ kind: 'created', subject: 'after theirs' }]);
  });

  it('begins again when the cursor has expired: the new cursor first, and each message once', async () => {
    const account = new Account();
    account.log = [{ kind: 'created', subject: 'known' }];
    account.inbox = ['newer', 'new', 'known'];
    account.script = (since) => {
      if (since === 'c0') throw new MailError('CURSOR_EXPIRED', 'too old');
      return { changes: [], cursor: 'fresh', more: false };
    };
    await account.sync();
    expect(account.asked).toEqual(['c0', null]);
    expect(account.cursor).toBe('fresh');
    expect(account.log.slice(1)).toEqual([
      { kind: 'reset', subject: 'CURSOR_EXPIRED' },
      { kind: 'created', subject: 'new' },
      { kind: 'created', subject: 'newer' },
    ]);
  });

  it('says in the log why it begins again', async () => {
    const expired = new Account();
    expired.script = (since) => {
      if (since === 'c0') throw new MailError('CURSOR_EXPIRED', 'too old');
      return { changes: [], cursor: 'fresh', more: false };
    };
    await expired.sync();
    expect(expired.lines.join()).toContain('the change cursor had expired: the newest mail was read again');
    const disconnected = new Account();
    disconnected.cursor = null;
    await disconnected.sync();
    expect(disconnected.asked).toEqual([null]);
    expect(disconnected.lines.join()).toContain('the account had been disconnected: the newest mail was read again');
    expect(disconnected.lines.join()).not.toContain('expired');
  });

  it('does not retry a permanent failure', async () => {
    const account = new Account();
    account.script = () => {
      throw new MailError('RECONNECT_REQUIRED', 'gone');
    };
    await account.sync();
    expect(account.asked).toHaveLength(1);
    await account.job.stop();
  });

  it('that was requested is done before a stop, or handed over to another instance', async () => {
    const wire = new EventEmitter();
    const [stopping, staying] = [new Account(wire), new Account(wire)];
    stopping.script = () => {
      throw new MailError('RATE_LIMITED', 'wait', { retryAfterMs: 3_600_000 });
    };
    staying.script = () => ({ changes: [{ kind: 'created', messageId: 'm1' }], cursor: 'c1', more: false });
    await stopping.sync();
    await stopping.job.stop();
    await settled();
    expect(staying).toMatchObject({ asked: ['c0'], cursor: 'c1' });
    await staying.job.stop();

    const alone = new Account();
    alone.script = () => ({ changes: [], cursor: 'c1', more: false });
    alone.job.request('i');
    await alone.job.stop();
    expect(alone).toMatchObject({ cursor: 'c1', published: 0 });
  });

  describe('without news', () => {
    const routine = (account: Account, ...ids: string[]) => {
      for (const id of ids) account.job.requestRoutineRead(id, () => {});
    };
    const oneByOne: LaneOptions = { slots: 1, slowSlots: 0, slowAfterMs: 1_000, perOwner: 1 };

    it('delays no account that has news, and is delayed by none', async () => {
      const account = new Account(undefined, oneByOne);
      const answers = ['silent 1', 'busy'].map((id) => account.hold(id));
      routine(account, 'silent 1', 'silent 2');
      await settled();
      for (const id of ['arrived', 'busy', 'arrived too']) account.job.request(id);
      await settled();
      expect(account.read).toEqual(['silent 1', 'arrived', 'busy']);
      answers[0]?.();
      await settled();
      expect(account.read).toEqual(['silent 1', 'arrived', 'busy', 'silent 2']);
      answers[1]?.();
      await account.job.stop();
    });

    it.each([
      ['a notification', (job: SyncJob) => job.request('silent 2', 0, true)],
      ['a request', (job: SyncJob) => job.request('silent 2')],
      ['a write of ours', (job: SyncJob) => job.poll('silent 2', true)],
      ['a changed mark', (job: SyncJob) => job.requestFullRead('silent 2', () => {})],
      ['a comparison', (job: SyncJob) => void job.readAll('silent 2', new AbortController().signal)],
    ])('leaves the others behind when %s comes while it waits', async (_, comes) => {
      const account = new Account(undefined, oneByOne);
      const answers = account.hold('silent 1');
      routine(account, 'silent 1', 'silent 2', 'silent 3');
      await settled();
      expect(account.read).toEqual(['silent 1']);
      comes(account.job);
      await settled();
      expect(new Set(account.read)).toEqual(new Set(['silent 1', 'silent 2']));
      // It still reads all changes, as it was asked to.
      expect(account.askedAfter[1]).toBeUndefined();
      answers();
      await account.job.stop();
    });

    it('waits among its like again when it has failed, and not when it had news', async () => {
      const account = new Account(undefined, oneByOne);
      account.script = () => {
        throw new MailError('PROVIDER_UNAVAILABLE', 'away');
      };
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      routine(account, 'failing');
      account.job.request('failing with news');
      await vi.advanceTimersByTimeAsync(0);
      const answers = account.hold('silent 1');
      routine(account, 'silent 1');
      await vi.advanceTimersByTimeAsync(0);
      account.script = () => ({ changes: [], cursor: 'c0', more: false });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(account.read).toEqual(['failing', 'failing with news', 'silent 1', 'failing with news']);
      vi.useRealTimers();
      answers();
      await account.job.stop();
    });
  });

  describe('that fails', () => {
    beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
    afterEach(() => vi.useRealTimers());
    const down = () => {
      throw new MailError('PROVIDER_UNAVAILABLE', 'down');
    };
    const up = (): ChangePage => ({ changes: [{ kind: 'created', messageId: 'm1' }], cursor: 'c1', more: false });

    it('is retried until it succeeds, however long that takes, and is stored as due each time', async () => {
      const account = new Account();
      account.script = down;
      await account.sync();
      while (account.asked.length < 40) await vi.advanceTimersByTimeAsync(30_000);
      expect(Math.max(...account.pauses)).toBeLessThanOrEqual(30_000);
      expect(account.pauses).toHaveLength(account.asked.length);
      account.script = up;
      await vi.advanceTimersByTimeAsync(30_000);
      expect(account).toMatchObject({ cursor: 'c1', log: [{ kind: 'created', subject: 'm1' }], level: [7] });
      await account.job.stop();
    });

    it('is retried at once when its provider sends a notification', async () => {
      const account = new Account();
      account.script = down;
      await account.sync();
      for (let i = 0; i < 8; i++) await vi.advanceTimersByTimeAsync(30_000);
      const failures = account.asked.length;
      while (account.asked.length === failures) await vi.advanceTimersByTimeAsync(1_000);
      // The backoff that has just begun lasts at least 15 s.
      await vi.advanceTimersByTimeAsync(2_000);
      const asked = account.asked.length;
      account.script = up;
      account.job.request('i');
      await vi.advanceTimersByTimeAsync(0);
      expect(account.asked.length).toBe(asked + 1);
      expect(account.cursor).toBe('c1');
      await account.job.stop();
    });

    it('waits for as long as the provider says, despite notifications', async () => {
      const account = new Account();
      account.script = () => {
        throw new MailError('RATE_LIMITED', 'wait', { retryAfterMs: 60_000 });
      };
      await account.sync();
      account.script = up;
      account.job.request('i');
      await vi.advanceTimersByTimeAsync(59_000);
      expect(account.asked).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(account.cursor).toBe('c1');
      await account.job.stop();
    });

    it('is retried at once when another account of the vendor is answered again', async () => {
      const account = new Account();
      account.script = down;
      await account.sync();
      for (let i = 0; i < 8; i++) await vi.advanceTimersByTimeAsync(30_000);
      const other = { provider: 'GMAIL', address: 'b@mail.example' };
      account.reachability.report(other, 'unavailable');
      account.script = up;
      await vi.advanceTimersByTimeAsync(1_000);
      account.reachability.report(other, 'answered');
      await vi.advanceTimersByTimeAsync(0);
      expect(account.cursor).toBe('c1');
      await account.job.stop();
    });

    it('because its request hangs is restarted on a notification, and not before it hangs', async () => {
      const account = new Account();
      account.hangs = true;
      await account.sync();
      account.hangs = false;
      account.script = up;
      await vi.advanceTimersByTimeAsync(1_000);
      account.job.request('i');
      await vi.advanceTimersByTimeAsync(0);
      expect(account.cursor).toBe('c0');
      await vi.advanceTimersByTimeAsync(1_500);
      account.job.request('i');
      await vi.advanceTimersByTimeAsync(0);
      expect(account.cursor).toBe('c1');
      await account.job.stop();
    });

    it('uses no slot while it waits: an account of the same vendor is read meanwhile', async () => {
      const account = new Account(undefined, { slots: 1, slowSlots: 0, slowAfterMs: 1_000, perOwner: 1 });
      account.script = down;
      await account.sync();
      for (let i = 0; i < 6; i++) await vi.advanceTimersByTimeAsync(30_000);
      account.script = up;
      account.job.request('another');
      await vi.advanceTimersByTimeAsync(0);
      expect(account.cursor).toBe('c1');
      await account.job.stop();
    });
  });
});
