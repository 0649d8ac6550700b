import { afterEach, expect, it, vi } from 'vitest';
import { Reachability } from '../../src/accounts/integrations/reachability.ts';
import type { ComposeRequest } from '../../src/mail/compose/compose-request.ts';
import { SubmissionJob, type SubmissionJobOptions } from '../../src/mail/submission/submission.job.ts';
import type { NewSubmission } from '../../src/mail/submission/submission.ts';
import { Submissions, type SubmissionsOptions } from '../../src/mail/submission/submissions.ts';
import { silent } from '../support/app/database.ts';
import { fakeAccount } from '../support/fakes/fake-account.ts';

afterEach(() => vi.useRealTimers());

it('is looked up once more when it fell due while it was being stored', async () => {
  // The clock advances only while the submission is stored, however busy the machine is.
  vi.useFakeTimers({ toFake: ['Date'] });
  const steps: string[] = [];
  const submissions = new Submissions({
    store: {
      create: async (submission: NewSubmission) => {
        vi.setSystemTime(submission.sendAt.getTime() + 1);
        steps.push('stored');
        return submission;
      },
    },
    job: { enqueue: async () => void steps.push('queued') },
    feed: { changed: async () => {} },
    payloads: { seal: () => Buffer.alloc(0) },
    composer: { compose: async () => ({}) },
  } as unknown as SubmissionsOptions);
  await submissions.submit({ find: async () => null }, fakeAccount('gmail', {}), {
    what: { message: {} as ComposeRequest },
    idempotencyKey: 'key',
    sendAt: new Date(Date.now() + 50),
    undoSeconds: 0,
    fingerprint: 'f',
  });
  expect(steps).toEqual(['queued', 'stored', 'queued']);
});

it.each([
  [500, true],
  [5_000, false],
])('due in %i ms by our clock when the queue delivers it: begun %s', async (ms, takenUp) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  let handle = async (_data: unknown) => {};
  let claims = 0;
  const job = new SubmissionJob({
    store: {
      get: async () => ({ integrationId: 'i', dueAt: new Date(Date.now() + ms), claimUntil: null }),
      claim: async () => void claims++,
      overdue: async () => [],
    },
    queue: {
      work: async (_name: string, handler: typeof handle) => {
        handle = handler;
      },
      send: async () => {},
      onGap: () => {},
      leave: () => {},
    },
    mailbox: async () => ({ provider: 'GMAIL', address: 'a@mail.example' }),
    reachability: new Reachability(),
    log: silent,
  } as unknown as SubmissionJobOptions);
  await job.start();
  await handle({ id: 'one' });
  await new Promise((resolve) => setImmediate(resolve));
  await job.stop();
  expect(claims > 0).toBe(takenUp);
});

it('is queued again when its key is used again while it is scheduled', async () => {
  const queued: unknown[] = [];
  const dueAt = new Date(Date.now() - 1_000);
  const submissions = new Submissions({
    store: { byKey: async () => ({ id: 'one', fingerprint: 'f', status: 'SCHEDULED', dueAt }) },
    job: { enqueue: async (...job: unknown[]) => void queued.push(job), running: () => undefined },
  } as unknown as SubmissionsOptions);
  await submissions.known('user', {
    what: { message: {} as ComposeRequest },
    idempotencyKey: 'key',
    sendAt: null,
    undoSeconds: 1,
    fingerprint: 'f',
  });
  expect(queued).toEqual([['one', dueAt]]);
});

it('is begun soon, once, and adds no jobs when it is due and has no job', async () => {
  vi.useFakeTimers();
  const start = Date.now();
  let overdue: { id: string; integrationId: string }[] = [];
  let queued = 0;
  let away = true;
  let claims = 0;
  let end = (_claim: null) => {};
  const asked: number[] = [];
  const job = new SubmissionJob({
    store: {
      overdue: async (before: Date) => {
        asked.push(Date.now() - before.getTime());
        if (overdue.length > 0 && away) {
          away = false;
          throw new Error('cut');
        }
        return overdue;
      },
      claim: () => {
        claims++;
        return new Promise<null>((resolve) => {
          end = resolve;
        });
      },
    },
    queue: { work: async () => {}, send: async () => void queued++, onGap: () => {}, leave: () => {} },
    mailbox: async () => ({ provider: 'GMAIL', address: 'a@mail.example' }),
    reachability: new Reachability(),
    log: silent,
  } as unknown as SubmissionJobOptions);
  try {
    await job.start();
    overdue = [{ id: 'one', integrationId: 'i' }];
    while (claims === 0 && Date.now() - start < 60_000) await vi.advanceTimersByTimeAsync(1_000);
    expect(claims).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([claims, queued, Math.max(...asked)]).toEqual([1, 0, 10_000]);
  } finally {
    end(null);
    vi.useRealTimers();
    await job.stop();
  }
});

it('is due at once when its draft is deleted while it waits for a retry', async () => {
  const asked: unknown[] = [];
  const queued: string[] = [];
  const job = new SubmissionJob({
    store: {
      retryNow: async (integrationId: string, _now: Date, draftId?: string) => {
        asked.push([integrationId, draftId]);
        return ['one'];
      },
    },
    queue: { send: async (_name: string, { id }: { id: string }) => void queued.push(id) },
    log: silent,
  } as unknown as SubmissionJobOptions);
  await job.draftDeleted('integration', 'draft');
  expect(asked).toEqual([['integration', 'draft']]);
  expect(queued).toEqual(['one']);
});
