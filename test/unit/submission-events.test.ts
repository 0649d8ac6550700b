import { randomBytes, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createContext } from '../../src/graphql/request-context.ts';
import type { MailOf } from '../../src/mail/api/mail-of.ts';
import type { SubmissionRecord } from '../../src/mail/submission/submission.ts';
import { storeUnavailable } from '../../src/platform/database/store.error.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import { SubmissionEvents } from '../../src/realtime/submission.events.ts';
import { silent } from '../support/database.ts';

it('who subscribes to all submissions while the store is away is told what happens until it is back, and nothing older', async () => {
  const rows: SubmissionRecord[] = [];
  const changed = (id: string, inMs: number) =>
    rows.push({
      id,
      integrationId: 'i',
      status: 'SENDING',
      updatedAt: new Date(Date.now() + inMs),
    } as SubmissionRecord);
  changed('older', -1_000);
  let reads = 0;
  let hear = () => {};
  const events = new SubmissionEvents({
    store: {
      find: async () => null,
      changedSince: async (_user, _id, since) => {
        if (++reads === 1) {
          changed('meanwhile', 1);
          throw storeUnavailable(new Error('away'));
        }
        return rows.filter(({ updatedAt }) => updatedAt >= since);
      },
    },
    mailOf: (() => ({ find: async () => ({}) })) as unknown as MailOf,
    sealer: new Sealer([{ version: 1, bytes: randomBytes(32) }]),
    bus: {
      subscribe: () => () => {},
      onGap: (ring) => {
        hear = ring;
        return () => {};
      },
    },
  });
  const end = new AbortController();
  const context = createContext({
    principal: { userId: randomUUID(), kind: 'session', scopes: [], expiresAt: new Date(Date.now() + 60_000) },
    signal: end.signal,
    log: silent,
    requestId: 'r',
    clientAddress: '127.0.0.1',
  });
  const told: string[] = [];
  const following = (async () => {
    for await (const { submission } of await events.open(null, null, context)) told.push(submission.record.id);
  })();
  await expect.poll(() => reads).toBeGreaterThan(2);
  changed('later', 2);
  hear();
  await expect.poll(() => told).toContain('later');
  expect(told).toEqual(['meanwhile', 'later']);
  end.abort();
  await following;
});
