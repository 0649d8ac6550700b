import { afterEach, expect, it, vi } from 'vitest';
import { type MailboxAddress, Reachability } from '../../src/accounts/integrations/reachability.ts';
import type { ProviderCalls } from '../../src/mail/submission/provider-calls.ts';
import { SubmissionJob, type SubmissionJobOptions } from '../../src/mail/submission/submission.job.ts';
import type { Claim } from '../../src/mail/submission/submission.ts';
import { silent } from '../support/app/database.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
let job: SubmissionJob | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await job?.stop();
});

/** Starts a worker whose deliveries the test decides. Ids begin with their provider. */
async function started(
  deliver: (id: string, calls: ProviderCalls) => Promise<unknown>,
  hastened: string[] = [],
  due = () => new Date(),
) {
  let handle = async (_data: unknown) => {};
  const queued: string[] = [];
  const reachability = new Reachability();
  const providers: string[] = [];
  const postpone: string[] = [];
  job = new SubmissionJob({
    store: {
      get: async (id: string) => ({ id, integrationId: id, sendAt: due(), dueAt: due(), claimUntil: null }),
      postpone: async (id: string) => void postpone.push(id),
      claim: async (id: string) => ({ owner: 'me', record: { id } }) as Claim,
      renew: async () => true,
      overdue: async () => [],
      retryNowForProvider: async (provider: string) => {
        providers.push(provider);
        return hastened;
      },
    },
    delivery: { run: (claim: Claim, calls: ProviderCalls) => deliver(claim.record.id, calls) },
    queue: {
      work: async (_name: string, handler: typeof handle) => {
        handle = handler;
      },
      send: async (_name: string, { id }: { id: string }) => void queued.push(id),
      leave: () => {},
      onGap: () => () => {},
    },
    feed: { changed: async () => {} },
    mailbox: async (id: string): Promise<MailboxAddress> => ({ provider: id.split(' ')[0] ?? '', address: id }),
    reachability,
    lanes: { slots: 2, slowSlots: 0, slowAfterMs: 60_000, perOwner: 1 },
    log: silent,
  } as unknown as SubmissionJobOptions);
  await job.start();
  return { take: (id: string) => handle({ id }), queued, postpone, reachability, providers };
}

it('a vendor that hangs delays neither the queue nor another vendor, and each of its jobs waits in the queue meanwhile', async () => {
  const begun: string[] = [];
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { take, queued } = await started(async (id) => {
    begun.push(id);
    if (id.startsWith('google')) await over;
  });
  for (let n = 0; n < 20; n++) await take(`google ${n}`);
  await take('microsoft');
  await settled();
  expect(begun).toEqual(['google 0', 'google 1', 'microsoft']);
  expect(queued).toHaveLength(21);
  // The queue brings the job of a submission that waits for a slot. The submission keeps waiting, and is queued once
  // more.
  await take('google 5');
  expect(queued).toHaveLength(22);
  end();
  await expect.poll(() => begun.length).toBe(21);
});

it.each([
  ['is', () => new Date(Date.now() + 1), 3],
  ['was, before this process began,', () => new Date(Date.now() - 60_000), 0],
])('a submission due %s without a free slot comes back, and stays as late as it is', async (_when, due, putOffs) => {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { take, queued, postpone } = await started(() => over, [], due);
  for (let n = 0; n < 105; n++) await take(`google ${n}`);
  end();
  expect(queued).toHaveLength(105);
  expect(postpone).toHaveLength(putOffs);
});

it('one that pauses gives its slot to others, and continues afterwards', async () => {
  // With fake timers, the pause ends only after the others have begun.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const order: string[] = [];
  const { take } = await started(async (id, calls) => {
    order.push(`${id} begins`);
    if (id === 'google 0') order.push(`${id} ${await calls.wait(50)}`);
  });
  for (let n = 0; n < 4; n++) await take(`google ${n}`);
  await settled();
  expect(order).toEqual(['google 0 begins', 'google 1 begins', 'google 2 begins', 'google 3 begins']);
  await vi.advanceTimersByTimeAsync(50);
  expect(order.at(-1)).toBe('google 0 true');
});

it('one that waits because its vendor was unavailable is begun when that is back', async () => {
  const { queued, reachability, providers } = await started(async () => {}, ['google 7']);
  const mailbox = { provider: 'google', address: 'a@mail.example' };
  reachability.report(mailbox, 'answered');
  reachability.report(mailbox, 'unavailable');
  reachability.report(mailbox, 'answered');
  await expect.poll(() => queued).toEqual(['google 7']);
  expect(providers).toEqual(['google']);
});
