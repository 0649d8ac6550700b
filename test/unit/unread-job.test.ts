import { afterEach, expect, it, vi } from 'vitest';
import { UnreadJob } from '../../src/changes/unread/unread.job.ts';
import type { ClaimedMessage } from '../../src/changes/unread/unread-message.store.ts';
import { MailError } from '../../src/domain/error.ts';

afterEach(() => void vi.useRealTimers());

const SETTLE_MS = 15_000;
const claimed = (messageId: string, sequence: bigint, ageMs: number): ClaimedMessage => ({
  integrationId: 'i',
  messageId,
  kind: 'updated',
  sequence,
  ageMs,
  dueAt: new Date(),
});

it.each([
  [SETTLE_MS, { read: ['found', 'found late'], deleted: ['old'], since: 4n }],
  [undefined, { read: ['found', 'found late'], deleted: ['new', 'old'], since: 4n }],
])(
  'what a replica may not know yet is looked for again, and deletions before that are heeded (%s ms)',
  async (readsSettleMs, settled) => {
    vi.useFakeTimers();
    const due = [
      claimed('new', 5n, 0),
      claimed('old', 6n, SETTLE_MS),
      claimed('found', 7n, 0),
      claimed('found late', 4n, SETTLE_MS),
    ];
    const calls: unknown[] = [];
    const ids = (messages: readonly ClaimedMessage[]) => messages.map(({ messageId }) => messageId);
    const getMessages = async (asked: readonly string[]) =>
      asked.map((id) => (id.startsWith('found') ? { id } : new MailError('NOT_FOUND', 'unknown')));
    const job = new UnreadJob({
      store: {
        claim: async () => due.splice(0),
        settle: async (_: string, read: ClaimedMessage[], deleted: ClaimedMessage[], since: bigint) => {
          calls.push({ read: ids(read), deleted: ids(deleted), since });
          return [];
        },
      },
      changes: { position: async () => ({ sequence: 9n }) },
      handles: { internal: async () => ({ session: async () => ({ getMessages, readsSettleMs }) }) },
      reachability: { listen: () => () => {} },
    } as never);
    job.start();
    await vi.advanceTimersByTimeAsync(2_000);
    await job.stop();
    expect(calls).toEqual([settled]);
  },
);
