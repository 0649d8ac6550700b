import { describe, expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import {
  afterProbe,
  afterSending,
  beforeSending,
  lateness,
  MAX_ATTEMPTS,
  MIN_LOOKUP_LATENESS_MS,
  nextProbeMs,
  nextSearchAt,
  retryAt,
} from '../../src/mail/submission/verdict.ts';

const at = (seconds: number) => new Date(seconds * 1_000);
const error = (code: MailError['code'], retryAfterMs?: number) => new MailError(code, 'as it is', { retryAfterMs });

describe('an error before `send` was called', () => {
  it.each(['RECONNECT_REQUIRED', 'RATE_LIMITED', 'PROVIDER_UNAVAILABLE', 'TIMEOUT', 'STORE_UNAVAILABLE'] as const)(
    '%s is transient',
    (code) => {
      expect(beforeSending(error(code))).toBe('later');
    },
  );
  it.each(['INVALID', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'UNSUPPORTED', 'INTERNAL'] as const)(
    '%s is permanent',
    (code) => {
      expect(beforeSending(error(code))).toBe('give-up');
    },
  );
});

describe('an error of `send`', () => {
  it.each(['TIMEOUT', 'PROVIDER_UNAVAILABLE', 'INTERNAL', 'NOT_FOUND', 'CONFLICT', 'STORE_UNAVAILABLE'] as const)(
    '%s leaves open whether the message was sent',
    (code) => {
      expect(afterSending(error(code))).toBe('probe');
    },
  );
  it('for the whole account did nothing, and is transient', () => {
    const refusal = new MailError('UNSUPPORTED', 'no mailbox', { ofAccount: true });
    expect([beforeSending(refusal), afterSending(refusal)]).toEqual(['later', 'later']);
  });
  it('leads to a look-up when it is unexpected', () => {
    expect(afterSending(new TypeError('socket hang up'))).toBe('probe');
  });
  it.each(['RATE_LIMITED', 'RECONNECT_REQUIRED', 'UNAUTHENTICATED'] as const)(
    '%s did nothing, and is transient',
    (code) => {
      expect(afterSending(error(code))).toBe('later');
    },
  );
  it.each(['FORBIDDEN', 'INVALID', 'BAD_USER_INPUT', 'UNSUPPORTED'] as const)('%s is a refusal', (code) => {
    expect(afterSending(error(code))).toBe('give-up');
  });
});

describe('the outcome of an attempt', () => {
  const attempt = (now: number, attempts = 1) => ({
    attemptedAt: at(100),
    lostAt: at(100),
    attempts,
    settlesMs: 5_000,
    now: at(now),
  });

  it('is sent when the provider says so', () => {
    expect(afterProbe('sent', attempt(100))).toBe('sent');
    expect(afterProbe('submitted', attempt(100))).toBe('sent');
  });
  it('is not followed by another attempt while the first one may still be under way', () => {
    expect(afterProbe('not-sent', attempt(104))).toBe('probe-again');
    expect(afterProbe('not-sent', { ...attempt(160), lostAt: at(159) })).toBe('probe-again');
    expect(afterProbe('not-sent', attempt(106))).toBe('resend');
    const slow = { settlesMs: 180_000 };
    expect(afterProbe('not-sent', { ...attempt(279), ...slow })).toBe('probe-again');
    expect(afterProbe('not-sent', { ...attempt(300), ...slow, lostAt: at(220) })).toBe('probe-again');
    expect(afterProbe('not-sent', { ...attempt(281), ...slow })).toBe('resend');
  });
  it('does not lead to attempts without end', () => {
    expect(afterProbe('not-sent', attempt(106, MAX_ATTEMPTS))).toBe('not-sent');
  });
  it('is never another attempt only because nobody knows, and unknown when an index must have caught up', () => {
    expect(afterProbe('unknown', attempt(101))).toBe('probe-again');
    expect(afterProbe('unknown', attempt(279))).toBe('probe-again');
    expect(afterProbe('unknown', attempt(281))).toBe('unknown');
    expect(afterProbe('unknown', { ...attempt(281), settlesMs: 180_000 })).toBe('probe-again');
    expect(afterProbe('unknown', { ...attempt(1_001), settlesMs: 180_000 })).toBe('unknown');
  });
  it('is looked up less and less often', () => {
    expect(nextProbeMs(at(100), at(100))).toBe(500);
    expect(nextProbeMs(at(100), at(104))).toBe(4_000);
    expect(nextProbeMs(at(100), at(10_000))).toBe(60_000);
  });
});

describe('how late a submission is', () => {
  const started = at(50);
  it('counts from when it was due, or from when its last worker must have died', () => {
    const submission = { sendAt: at(100), dueAt: at(100) };
    expect(lateness({ ...submission, claimUntil: null }, started, at(130))).toBe(30_000);
    expect(lateness({ ...submission, claimUntil: at(125) }, started, at(130))).toBe(5_000);
    expect(lateness({ ...submission, dueAt: at(131), claimUntil: null }, started, at(130))).toBe(0);
  });
  it('suffices for a look-up when it fell due before the process began', () => {
    expect(lateness({ sendAt: at(49), dueAt: at(49), claimUntil: null }, started, at(50))).toBe(MIN_LOOKUP_LATENESS_MS);
  });
  it('suffices for that after it was postponed too', () => {
    expect(lateness({ sendAt: at(49), dueAt: at(60), claimUntil: null }, started, at(60))).toBe(MIN_LOOKUP_LATENESS_MS);
  });
  it('does not grow while it waits for its turn after the process began', () => {
    expect(lateness({ sendAt: at(30), dueAt: at(30), claimUntil: null }, started, at(5_000))).toBe(20_000);
  });
  it('makes it unknown at once when it was long overdue, is found nowhere, and `send` is not known to have been called', () => {
    const overdue = { attemptedAt: at(100), lostAt: at(100), attempts: 0, settlesMs: 180_000, now: at(101) };
    expect(afterProbe('unknown', overdue)).toBe('unknown');
    expect(afterProbe('not-sent', { ...overdue, now: at(281) })).toBe('resend');
  });
});

describe('the sent copy', () => {
  it('is looked for less and less often, for an hour', () => {
    expect(nextSearchAt(at(100), at(100))).toEqual(at(101));
    expect(nextSearchAt(at(100), at(108))).toEqual(at(116));
    expect(nextSearchAt(at(100), at(3_600))).toEqual(at(4_200));
    expect(nextSearchAt(at(100), at(3_700))).toBeNull();
  });
});

describe('a retry', () => {
  const submission = { sendAt: at(0), tries: 1 };

  it('waits longer each time, and never less than the provider asks for', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
      (tries) => (retryAt({ ...submission, tries }, error('RATE_LIMITED'), at(10))?.getTime() ?? 0) - 10_000,
    );
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.at(-1)).toBe(3_600_000);
    expect(retryAt(submission, error('RATE_LIMITED', 90_000), at(10))).toEqual(at(100));
  });
  it('does not grow for a failure of our own store', () => {
    const away = error('STORE_UNAVAILABLE', 2_000);
    expect(retryAt({ sendAt: at(0), tries: 8 }, away, at(10))).toEqual(at(12));
  });
  it('ends a day after it was due', () => {
    expect(retryAt(submission, error('PROVIDER_UNAVAILABLE'), at(86_399))).not.toBeNull();
    expect(retryAt(submission, error('PROVIDER_UNAVAILABLE'), at(86_401))).toBeNull();
  });
  it('ends sooner for a bug of ours', () => {
    expect(retryAt({ ...submission, tries: 3 }, new TypeError('a bug'), at(1))).not.toBeNull();
    expect(retryAt({ ...submission, tries: 4 }, new TypeError('a bug'), at(1))).toBeNull();
  });
});
