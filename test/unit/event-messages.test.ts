import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AccountHandle } from '../../src/accounts/handles/account-handle.ts';
import { Reachability } from '../../src/accounts/integrations/reachability.ts';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import { MailError } from '../../src/domain/error.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Call } from '../../src/providers/contract/call.ts';
import type { Batch } from '../../src/providers/contract/list.ts';
import { EventMessages } from '../../src/realtime/event.messages.ts';
import { aMessage } from '../support/fakes/fake-account.ts';

function messages(getMessages: (ids: readonly string[], call: Call) => Batch<Message>, maxBytes?: number) {
  const lines: string[] = [];
  let listed = 0;
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const session = {
    getMessages: async (ids: readonly string[], _detail: string, call: Call) => getMessages(ids, call),
    listMailboxes: async () => {
      listed++;
      return [{ role: 'INBOX', id: 'inbox' } as Mailbox];
    },
  };
  const reachability = new Reachability();
  let changed: (integrationId: string | null, userId: string | null) => void = () => {};
  const onChanged = (fn: typeof changed) => {
    changed = fn;
    return () => {};
  };
  const events = new EventMessages({
    directory: { onChanged },
    ...(maxBytes && { maxBytes }),
    mailbox: async () => MAILBOX,
    reachability,
    log,
  });
  const account = {
    integration: { id: 'i' },
    sharingKey: 'i',
    session: async () => session,
  } as unknown as AccountHandle;
  const follower = events.follow('i');
  const integrationChanged = (id: string | null) => changed(id, null);
  return { lines, events, reachability, account, follower, integrationChanged, listed: () => listed };
}
const logged = (kind: LoggedChange['kind'], sequence = 5n): LoggedChange => ({
  integrationId: 'i',
  sequence,
  kind,
  subject: 'HISTORY_LOST',
  detail: null,
  at: new Date(0),
  writtenAt: 0,
});
const MAILBOX = { provider: 'GMAIL', address: 'a@mail.example' };
afterEach(() => vi.useRealTimers());
const code = (reading: Promise<unknown>) => reading.then(() => 'read').catch((error: MailError) => error.code);

it('one mail that cannot be read is requested once and logged once, for any number of subscribers', async () => {
  let asked = 0;
  const { lines, events, account } = messages((ids) => {
    asked++;
    return ids.map(() => new MailError('INVALID', 'unreadable'));
  });
  const readers = Array.from({ length: 20 }, () => code(events.read(account, 'm1', 1n)));
  expect(new Set(await Promise.all(readers))).toEqual(new Set(['INVALID']));
  expect(await code(events.read(account, 'm1', 1n))).toBe('INVALID');
  expect({ asked, lines: lines.length }).toEqual({ asked: 1, lines: 1 });
});

it('one is asked for once for each set of rights, and forgotten for all of them', async () => {
  let asked = 0;
  const { events, account } = messages((ids) => {
    asked++;
    return ids.map((id) => aMessage(id));
  });
  const restricted = { ...account, sharingKey: 'i, restricted' };
  const readAll = () => Promise.all([account, restricted, restricted].map((handle) => events.read(handle, 'm1', 1n)));
  await readAll();
  expect(asked).toBe(2);
  events.noted(logged('reset'));
  await readAll();
  expect(asked).toBe(4);
});

it('one that was deleted meanwhile is not a failure', async () => {
  const { lines, events, account } = messages((ids) => ids.map(() => new MailError('NOT_FOUND', 'gone')));
  expect(await code(events.read(account, 'm1', 1n))).toBe('NOT_FOUND');
  expect(lines).toEqual([]);
});

it('one that was not answered is requested again, alone and with a longer timeout', async () => {
  const asked: [readonly string[], number | undefined][] = [];
  const { lines, events, account } = messages((ids, { attemptTimeoutMs }) => {
    asked.push([ids, attemptTimeoutMs]);
    const first = asked.length === 1;
    return ids.map((id) => (first && id === 'm2' ? new MailError('TIMEOUT', 'no answer') : aMessage(id)));
  });
  const read = await Promise.all([events.read(account, 'm1', 1n), events.read(account, 'm2', 1n)]);
  expect(read.map(({ id }) => id)).toEqual(['m1', 'm2']);
  expect(asked.map(([ids]) => ids)).toEqual([['m1', 'm2'], ['m2']]);
  expect(asked[1]?.[1]).toBeGreaterThan(asked[0]?.[1] ?? 0);
  expect(lines).toEqual([]);
});

it('one is requested as background work when people have used up their share of the limits', async () => {
  const asked: string[] = [];
  const { lines, events, account } = messages((ids, { priority }) => {
    asked.push(priority);
    const busy = new MailError('RATE_LIMITED', 'busy', { retryAfterMs: 600_000 });
    return ids.map((id) => (priority === 'interactive' ? busy : aMessage(id)));
  });
  expect(await events.read(account, 'm1', 1n)).toMatchObject({ id: 'm1' });
  expect(asked).toEqual(['interactive', 'background']);
  expect(lines).toEqual([]);
});

it.each(['PROVIDER_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT'] as const)(
  '%s: the event waits while nothing of the account is answered, and then shows the mail',
  async (failure) => {
    vi.useFakeTimers();
    let isAway = true;
    const { lines, events, reachability, account } = messages((ids) =>
      ids.map((id) => (isAway ? new MailError(failure, 'away') : aMessage(id))),
    );
    let read: Message | null = null;
    const reading = events.read(account, 'm1', 1n).then((message) => {
      read = message;
    });
    await vi.advanceTimersByTimeAsync(180_000);
    expect(read).toBeNull();
    isAway = false;
    reachability.report(MAILBOX, 'answered');
    await vi.advanceTimersByTimeAsync(1_000);
    await reading;
    expect(read).toMatchObject({ id: 'm1' });
    expect(lines).toEqual([]);
  },
);

it('one mail that is refused again and again, while its account answers, stops delaying the others', async () => {
  vi.useFakeTimers();
  let asked = 0;
  const { lines, events, reachability, account } = messages((ids) => {
    asked++;
    return ids.map(() => new MailError('PROVIDER_UNAVAILABLE', 'unreadable'));
  });
  const outcome = code(events.read(account, 'm1', 1n));
  for (let n = 0; n < 10; n++) {
    await vi.advanceTimersByTimeAsync(200);
    reachability.report(MAILBOX, 'answered');
  }
  expect(await outcome).toBe('PROVIDER_UNAVAILABLE');
  expect({ asked, lines: lines.length }).toEqual({ asked: 4, lines: 1 });
});

it('a slow provider gets a longer timeout at the first try, until it is fast again', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  let takesMs = 5_000;
  const patience: (number | undefined)[] = [];
  const { events, account } = messages((ids, { attemptTimeoutMs }) => {
    patience.push(attemptTimeoutMs);
    vi.setSystemTime(Date.now() + takesMs);
    return ids.map((id) => aMessage(id));
  });
  for (const id of ['m1', 'm2', 'm3', 'm4']) {
    await events.read(account, id, 1n);
    takesMs = id === 'm1' ? 5_000 : 100;
  }
  expect(patience).toEqual([4_000, 10_000, 10_000, 4_000]);
});

describe('of an account whose followers have left', () => {
  /** Reads of messages whose provider stays away, each with its outcome. */
  function away() {
    vi.useFakeTimers();
    let asked = 0;
    const made = messages((ids) => {
      asked++;
      return ids.map(() => new MailError('PROVIDER_UNAVAILABLE', 'away'));
    });
    return { ...made, asked: () => asked };
  }
  const name = (reading: Promise<unknown>) => reading.then(() => 'read').catch((error: Error) => error.name);

  it('no message is asked for any longer, and nothing is logged', async () => {
    const { events, follower, asked, lines, account } = away();
    const other = events.follow('i');
    const outcome = name(events.read(account, 'm1', 1n));
    await vi.advanceTimersByTimeAsync(20_000);
    follower.leave();
    follower.leave();
    const before = asked();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBeGreaterThan(before);
    const last = asked();
    other.leave();
    expect(await outcome).toBe('AbortError');
    await vi.advanceTimersByTimeAsync(600_000);
    expect({ asked: asked(), lines, timers: vi.getTimerCount() }).toEqual({
      asked: last,
      lines: [],
      timers: 0,
    });
    expect(await name(events.read(account, 'm1', 1n))).toBe('AbortError');
  });

  it('the request under way is aborted, and so it is when the process stops', async () => {
    for (const end of ['leave', 'close'] as const) {
      let signal: AbortSignal | undefined;
      const { events, follower, account } = messages((_ids, call) => {
        ({ signal } = call);
        return new Promise(() => {}) as never;
      });
      const outcome = name(events.read(account, 'm1', 1n));
      await expect.poll(() => signal).toBeDefined();
      if (end === 'leave') follower.leave();
      else events.close();
      expect(await outcome).toBe('AbortError');
      expect(signal?.aborted).toBe(true);
    }
  });

  it('the mailboxes are listed again for the next follower', async () => {
    const { events, follower, listed, account } = messages(() => []);
    await events.mailboxId(account, 'INBOX');
    expect(await events.mailboxId(account, 'INBOX')).toBe('inbox');
    expect(listed()).toBe(1);
    follower.leave();
    events.follow('i');
    expect(await events.mailboxId(account, 'INBOX')).toBe('inbox');
    expect(listed()).toBe(2);
    events.noted(logged('mailbox'));
    await events.mailboxId(account, 'INBOX');
    expect(listed()).toBe(3);
  });
});

it('what was read for events is kept within the bytes of all accounts, and what comes last stays longest', async () => {
  let asked = 0;
  const maxBytes = 200_000;
  const read = (ids: readonly string[]) => {
    asked += ids.length;
    return ids.map((id) => aMessage(id, { content: null }));
  };
  const { events, account } = messages(read, maxBytes);
  const other = { ...account, integration: { id: 'other' }, sharingKey: 'other' } as AccountHandle;
  const { leave } = events.follow('other');
  for (let n = 0; n < 1_000; n += 100) {
    const ids = Array.from({ length: 100 }, (_, index) => `m${n + index}`);
    await Promise.all([account, other].flatMap((handle) => ids.map((id) => events.read(handle, id, 1n))));
  }
  expect(events.bytes).toBeGreaterThan(maxBytes / 2);
  expect(events.bytes).toBeLessThanOrEqual(maxBytes);
  await Promise.all([events.read(account, 'm999', 1n), events.read(other, 'm999', 1n)]);
  expect(asked).toBe(2_000);
  await events.read(account, 'm0', 1n);
  expect(asked).toBe(2_001);
  leave();
  expect(events.bytes).toBeLessThanOrEqual(maxBytes);
  events.close();
  expect(events.bytes).toBe(0);
});

it('what was given up for its bytes is held by nothing else, and what is kept is dropped 30 seconds after it was read', async () => {
  vi.useFakeTimers();
  let asked = 0;
  const { events, account, follower } = messages((ids) => {
    asked += ids.length;
    return ids.map((id) => aMessage(id, { content: null }));
  }, 100_000);
  const read = async (...ids: string[]) => {
    const reading = Promise.all(ids.map((id) => events.read(account, id, 1n)));
    await vi.advanceTimersByTimeAsync(10);
    await reading;
  };
  const before = vi.getTimerCount();
  await read(...Array.from({ length: 1_000 }, (_, n) => `m${n}`));
  // A timer for each message would keep all of them, whatever the bound is.
  expect(vi.getTimerCount() - before).toBe(1);
  await vi.advanceTimersByTimeAsync(20_000);
  await read('late');
  expect(asked).toBe(1_001);
  await vi.advanceTimersByTimeAsync(9_000);
  await read('m999', 'late');
  expect(asked).toBe(1_001);
  await vi.advanceTimersByTimeAsync(1_000);
  await read('m999', 'late');
  expect(asked).toBe(1_002);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(events.bytes).toBe(0);
  expect(vi.getTimerCount() - before).toBe(0);
  await read('first');
  await vi.advanceTimersByTimeAsync(20_000);
  await read('second');
  await vi.advanceTimersByTimeAsync(31_000);
  expect(events.bytes).toBe(0);
  await read('m1');
  follower.leave();
  expect(vi.getTimerCount() - before).toBe(0);
});

it('nothing that was read is shown after its integration has changed, such as when it is disconnected', async () => {
  let asked = 0;
  let reading = () => {};
  const { events, account, integrationChanged, listed } = messages((ids) => {
    asked++;
    reading();
    return ids.map((id) => aMessage(id, { content: null }));
  });
  const readAll = () => Promise.all([events.read(account, 'm1', 1n), events.mailboxes(account, 1n)]);
  await readAll();
  await readAll();
  expect([asked, listed()]).toEqual([1, 1]);
  integrationChanged('another');
  await readAll();
  expect([asked, listed()]).toEqual([1, 1]);
  for (const [turn, id] of ['i', null].entries()) {
    integrationChanged(id);
    expect(events.bytes).toBe(0);
    // What is being read is not kept either.
    reading = () => integrationChanged(id);
    await events.read(account, 'm1', 1n);
    expect(events.bytes).toBe(0);
    reading = () => {};
    await readAll();
    expect([asked, listed()]).toEqual([3 + 2 * turn, 2 + turn]);
  }
});

it('a list of mailboxes that is too large to keep is read again, and names what a message is in', async () => {
  const { events, account, listed } = messages(() => [], 100);
  const opened = { messages: { prime: () => {} }, mailboxes: { share: (list: () => unknown) => shared.push(list) } };
  const shared: (() => unknown)[] = [];
  const { signal } = new AbortController();
  const message = aMessage('m1', { mailboxIds: ['inbox', 'no mailbox'] });
  events.prime(opened as never, account, message, { signal } as never);
  expect(await shared[0]?.()).toMatchObject({ mailboxes: [{ id: 'inbox' }] });
  await shared[0]?.();
  expect(listed()).toBe(2);
});
