import { expect, it } from 'vitest';
import { createFaults } from './faults.ts';

it('matches by vendor, account, and operation or its beginning, and ends after so many requests', () => {
  const faults = createFaults();
  faults.add({ vendor: 'google', account: 'A@x.example', operation: 'messages.*', status: 503, times: 2 });
  expect(faults.meet('microsoft', 'a@x.example', 'messages.get')).toBeNull();
  expect(faults.meet('google', 'b@x.example', 'messages.get')).toBeNull();
  expect(faults.meet('google', 'a@x.example', 'threads.get')).toBeNull();
  expect(faults.meet('google', 'a@x.example', 'messages.get')?.status).toBe(503);
  expect(faults.meet('google', 'a@x.example', 'messages.list')?.status).toBe(503);
  expect(faults.meet('google', 'a@x.example', 'messages.list')).toBeNull();
  expect(faults.list()).toEqual([]);
});

it('applies to a share of the requests by counting, so that it is always the same ones', () => {
  const faults = createFaults();
  faults.add({ vendor: 'google', status: 429, share: 0.25 });
  const met = Array.from({ length: 8 }, () => faults.meet('google', null, 'token') !== null);
  expect(met).toEqual([false, false, false, true, false, false, false, true]);
});

it('answers hanging requests when it is cleared if it says release, and otherwise never', async () => {
  const faults = createFaults();
  const id = faults.add({ vendor: 'google', hang: 'release', times: 1 });
  faults.add({ vendor: 'google', hang: true });
  const stuck = faults.meet('google', null, 'messages.get');
  expect(stuck?.hang).toBeUndefined();
  let isFree = false;
  const freed = stuck?.cleared?.then(() => {
    isFree = true;
  });
  expect(faults.meet('google', null, 'messages.get')).toEqual({ vendor: 'google', hang: true });
  await Promise.resolve();
  expect(isFree).toBe(false);
  expect(faults.remove(id)).toBe(true);
  await freed;
  expect(isFree).toBe(true);
});

it('keeps webhook faults and request faults apart', () => {
  const faults = createFaults();
  const id = faults.add({ vendor: 'google', webhook: 'lose' });
  faults.add({ vendor: 'google', status: 500 });
  expect(faults.meet('google', null, 'messages.get')?.status).toBe(500);
  expect(faults.meet('google', null, 'webhook')?.webhook).toBe('lose');
  expect(faults.remove(id)).toBe(true);
  expect(faults.meet('google', null, 'webhook')).toBeNull();
  faults.clear();
  expect(faults.meet('google', null, 'messages.get')).toBeNull();
});
