import { expect, it } from 'vitest';
import { filesOfAnyDatabase } from '../support/run/database-needs.ts';

it('runs on each database whatever opens one, also through what it imports, and everything else once', () => {
  const once = new Set(filesOfAnyDatabase());
  const opening = [
    'test/unit/vault.test.ts',
    'test/unit/database.test.ts',
    'test/unit/bus.redis.test.ts',
    'test/contract/reconcile.test.ts',
    'test/flow/mail-events.test.ts',
    'test/flow/submissions.crash.test.ts',
  ];
  const others = ['test/unit/seal.test.ts', 'test/contract/reading.test.ts', 'sandbox/google/changes.test.ts'];
  // These are about lists and mail, although their app has a database.
  const named = ['test/flow/search-oracle.random.test.ts', 'test/flow/paging.test.ts'];
  expect([...opening, ...others, ...named].filter((file) => once.has(file))).toEqual([...others, ...named]);
});
