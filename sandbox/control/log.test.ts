import { expect, it } from 'vitest';
import type { RequestRecord, Vendor } from '../world.ts';
import { createRequestLog, selectRecords, totalsOf } from './log.ts';

const record = (startedAt: number, endedAt: number, over: Partial<RequestRecord> = {}): Omit<RequestRecord, 'id'> => ({
  ...{
    vendor: 'google' as Vendor,
    account: 'a@x.example',
    method: 'GET',
    path: '/',
    operation: 'messages.list',
    status: 200,
  },
  ...{ units: 5, batch: null, startedAt, endedAt },
  ...over,
});

it('counts requests, batch parts, units and waves', () => {
  const log = createRequestLog();
  log.add(record(0, 10, { operation: 'token', units: 0 }));
  log.add(record(10, 50));
  const batch = log.add(record(60, 100, { operation: 'batch', units: 0 }));
  log.add(record(60, 100, { batch: batch.id }));
  log.add(record(60, 100, { batch: batch.id }));
  log.add(record(12, 90, { vendor: 'microsoft', units: 1 }));
  const totals = totalsOf(log.all());
  expect(totals).toMatchObject({ requests: 3, inner: 2, units: 16, waves: 2, identity: 1 });
  expect(totalsOf(selectRecords(log.all(), { vendor: 'microsoft' }))).toMatchObject({ requests: 1, waves: 1 });
  expect(selectRecords(log.all(), { since: batch.id })).toHaveLength(3);
});

it('removes the oldest records beyond its maximum', () => {
  const log = createRequestLog(10);
  for (let i = 0; i < 55; i++) log.add(record(i, i));
  expect(log.all().map(({ id }) => id)).toEqual([46, 47, 48, 49, 50, 51, 52, 53, 54, 55]);
});
