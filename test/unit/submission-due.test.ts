import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Reachability } from '../../src/accounts/reachability.ts';
import type { ComposeInput } from '../../src/mail/compose/compose.type.ts';
import { SubmissionJob, type SubmissionJobOptions } from '../../src/mail/submission/submission.job.ts';
import type { NewSubmission } from '../../src/mail/submission/submission.store.ts';
import { Submissions, type SubmissionsOptions } from '../../src/mail/submission/submissions.ts';
import { silent } from '../support/database.ts';
import { fakeAccount } from '../support/fake-account.ts';

it('is looked for once more when it fell due while it was being stored', async () => {
  const steps: string[] = [];
  const submissions = new Submissions({
    store: {
      create: async (submission: NewSubmission) => {
        while (Date.now() <= submission.sendAt.getTime()) await delay(1);
        steps.push('stored');
        return submission;
      },
    },
    job: { enqueue: async () => void steps.push('queued') },
    feed: { changed: async () => {} },
    payloads: { seal: () => Buffer.alloc(0) },
    composer: { compose: async () => ({}) },
  } as unknown as SubmissionsOptions);
  await submissions.send(fakeAccount('gmail', {}), {
    what: { message: {} as ComposeInput },
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
])('due in %i ms by our clock when the queue says it is: taken up %s', async (ms, takenUp) => {
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
