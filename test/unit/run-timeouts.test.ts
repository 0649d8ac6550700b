import { expect, it } from 'vitest';
import { RunTimeouts } from '../../src/changes/sync/run-timeouts.ts';

const tried = { key: 'i', lane: 'GMAIL', address: 'a@mail.example' };

it('a request to a slow vendor is restarted by a notification only when it takes longer than before', () => {
  let now = 0;
  const probation = new RunTimeouts(undefined, () => now);
  const first = probation.begin(tried, 0);
  now = 5_000;
  first.progressed();
  first.end();
  const second = probation.begin(tried, 0);
  now += 4_500;
  probation.restartIfHanging('i');
  probation.restartLane('GMAIL');
  expect(second.signal.aborted).toBe(false);
  now += 6_000;
  probation.restartIfHanging('i');
  expect(second.signal.aborted).toBe(true);
  second.end();
});
