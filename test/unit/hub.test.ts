import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import { CHANGES_TOPIC } from '../../src/changes/change.topic.ts';
import { Hub } from '../../src/changes/hub.ts';
import type { LogPosition } from '../../src/changes/log-position.ts';
import { type StreamOptions, streamEvents } from '../../src/realtime/event.stream.ts';

/** A change log and a bus in memory. */
class Lab {
  readonly log = new Map<string, LoggedChange[]>();
  readonly topics = new Map<string, Set<(payload: unknown) => void>>();
  reads = 0;
  /** The logs whose ends were asked for, by query. */
  readonly asked: string[][] = [];
  isAway = false;
  members = ['a'];
  private readonly watchers = new Set<() => void>();
  readonly hub = new Hub(
    {
      read: async (integrationId, after, limit) => {
        this.reads++;
        return (this.log.get(integrationId) ?? []).filter((c) => c.sequence > after).slice(0, limit);
      },
      ends: async (ids) => {
        this.asked.push([...ids]);
        if (this.isAway) throw new Error('the database is away');
        return new Map(ids.map((id) => [id, this.endOf(id)]));
      },
    },
    {
      subscribe: (topic, fn) => {
        const fns = this.topics.get(topic) ?? new Set();
        this.topics.set(topic, fns.add(fn));
        return () => fns.delete(fn);
      },
      onGap: () => () => {},
    },
  );

  private endOf(integrationId: string): LogPosition {
    const last = this.log.get(integrationId)?.at(-1);
    return { sequence: last?.sequence ?? 0n, at: last?.at.getTime() ?? null };
  }

  append(integrationId: string, subject: string, wake = true): void {
    const log = this.log.get(integrationId) ?? [];
    const entry = { kind: 'created', subject, detail: null, at: new Date(), writtenAt: 0 } as const;
    log.push({ integrationId, sequence: BigInt(log.length + 1), ...entry });
    this.log.set(integrationId, log);
    if (wake) this.wake(integrationId);
  }

  wake(integrationId: string): void {
    for (const fn of this.topics.get(CHANGES_TOPIC) ?? []) fn({ integrationId });
  }

  setMembers(members: string[]): void {
    this.members = members;
    for (const fn of this.watchers) fn();
  }

  stream(options: Partial<StreamOptions<LoggedChange, bigint, string>> = {}) {
    const end = new AbortController();
    const stream = streamEvents<LoggedChange, bigint, string>({
      logs: this.hub,
      keys: async () => this.members,
      keysChanged: (fn) => {
        this.watchers.add(fn);
        return () => this.watchers.delete(fn);
      },
      positions: new Map(),
      positionOf: ({ sequence }) => sequence,
      show: async (change) => change.subject,
      signal: end.signal,
      ...options,
    });
    return { stream, end: () => end.abort() };
  }
}

/** Nothing here waits for anything outside the process, so one turn of the event loop settles everything. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a stream of changes', () => {
  it('begins at the end of the log and receives new changes', async () => {
    const lab = new Lab();
    lab.append('a', 'old');
    const { stream, end } = lab.stream();
    const first = stream.next();
    await settled();
    lab.append('a', 'new');
    expect((await first).value).toMatchObject({ value: 'new', positions: new Map([['a', 2n]]) });
    end();
    expect((await stream.next()).done).toBe(true);
  });

  it('resumes from a position, in order, without a gap or a repeat', async () => {
    const lab = new Lab();
    for (let i = 1; i <= 1_500; i++) lab.append('a', `m${i}`, false);
    const { stream, end } = lab.stream({ positions: new Map([['a', 3n]]) });
    const seen: string[] = [];
    for await (const { value } of stream) {
      seen.push(value);
      if (seen.length === 700) lab.append('a', 'm1501');
      if (seen.length === 1_498) break;
    }
    end();
    expect(seen).toEqual(Array.from({ length: 1_498 }, (_, i) => `m${i + 4}`));
  });

  it('reads the log once for many subscribers', async () => {
    const lab = new Lab();
    const streams = Array.from({ length: 50 }, () => lab.stream());
    const firsts = streams.map(({ stream }) => stream.next());
    await settled();
    lab.reads = 0;
    lab.append('a', 'one');
    const events = await Promise.all(firsts);
    expect(events.map((e) => e.value?.value)).toEqual(Array(50).fill('one'));
    expect(lab.reads).toBe(1);
    for (const { end } of streams) end();
  });

  it('follows accounts that are added, and leaves those that are removed', async () => {
    const lab = new Lab();
    const { stream, end } = lab.stream();
    const first = stream.next();
    await settled();
    lab.setMembers(['b']);
    await settled();
    lab.append('a', 'not mine any more');
    lab.append('b', 'mine now');
    expect((await first).value?.value).toBe('mine now');
    end();
  });

  it('does not let one account hold up another', async () => {
    const lab = new Lab();
    lab.members = ['a', 'b'];
    const { stream, end } = lab.stream({
      show: (change) => (change.integrationId === 'a' ? new Promise(() => {}) : Promise.resolve(change.subject)),
    });
    const first = stream.next();
    await settled();
    lab.append('a', 'hangs');
    lab.append('b', 'comes');
    expect((await first).value?.value).toBe('comes');
    end();
  });

  it('skips what is not shown, and moves its cursor past it', async () => {
    const lab = new Lab();
    const { stream, end } = lab.stream({ show: async (change) => (change.subject === 'skip' ? null : change.subject) });
    const first = stream.next();
    await settled();
    lab.append('a', 'skip', false);
    lab.append('a', 'show');
    expect((await first).value).toMatchObject({ value: 'show', positions: new Map([['a', 2n]]) });
    end();
  });

  it('reads one page ahead of a subscriber that reads nothing, and no more', async () => {
    const lab = new Lab();
    for (let i = 1; i <= 1_500; i++) lab.append('a', `m${i}`, false);
    const shown: string[] = [];
    const show = async ({ subject }: LoggedChange) => {
      shown.push(subject);
      return subject;
    };
    const { stream, end } = lab.stream({ positions: new Map([['a', 0n]]), show });
    await stream.next();
    for (let i = 0; i < 50; i++) {
      lab.wake('a');
      await settled();
    }
    expect({ shown: shown.length, reads: lab.reads }).toEqual({ shown: 200, reads: 1 });
    end();
  });

  it('ends at once when its signal aborts, also while it waits', async () => {
    const lab = new Lab();
    const { stream, end } = lab.stream();
    const first = stream.next();
    await settled();
    end();
    expect((await first).done).toBe(true);
  });

  it('reports a log that cannot be read', async () => {
    const lab = new Lab();
    const { stream } = lab.stream({ keys: () => Promise.reject(new Error('no database')) });
    await expect(stream.next()).rejects.toThrow('no database');
  });
});

describe('the ends of the logs', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  const followed = async (...members: string[]) => {
    const lab = new Lab();
    const followers = await Promise.all(members.map((id) => lab.hub.follow(id, null, () => {})));
    lab.asked.length = 0;
    return { lab, followers };
  };

  it('are asked for by one query every few seconds, and by none while nobody follows', async () => {
    const { lab, followers } = await followed('a', 'b', 'a');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(lab.asked).toEqual([['a', 'b']]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(lab.asked).toHaveLength(3);
    for (const follower of followers) follower.leave();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lab.asked).toHaveLength(3);
  });

  it('are known not to be looked for while the database does not answer, and only then', async () => {
    const { lab, followers } = await followed('a');
    expect(lab.hub.isLooking).toBe(true);
    lab.isAway = true;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(lab.hub.isLooking).toBe(false);
    lab.isAway = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(lab.hub.isLooking).toBe(true);
    lab.isAway = true;
    await vi.advanceTimersByTimeAsync(3_000);
    followers[0]?.leave();
    expect(lab.hub.isLooking).toBe(true);
  });

  it('wake who follows once, also where the last entries of the log were lost', async () => {
    const lab = new Lab();
    const wakes: string[] = [];
    await lab.hub.follow('a', null, () => wakes.push('a'));
    lab.append('a', 'lost', false);
    lab.log.set('a', [{ ...(lab.log.get('a')?.[0] as LoggedChange), sequence: 7n }]);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(wakes).toEqual(['a']);
    lab.hub.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
