import { expect, it } from 'vitest';
import { GUIDE } from './guide.ts';
import * as input from './input.ts';

it.each([
  ['POST /control/deliver', input.delivery],
  ['POST /control/accounts', input.newAccount],
  ['POST /control/faults', input.fault],
  ['POST /control/expire-tokens', input.target],
  ['POST /control/refuse-tokens', input.tokens],
  ['POST /control/revoke', input.target],
  ['POST /control/sign-in', input.signIn],
  ['POST /control/mailbox', input.mailbox],
  ['POST /control/touch', input.touch],
  ['POST /control/duplicates', input.duplicates],
  ['POST /control/changes', input.changes],
  ['POST /control/spoil-changes', input.spoilChanges],
  ['POST /control/search-lag', input.searchLag],
  ['POST /control/search-index', input.searchIndex],
  ['POST /control/sending', input.sending],
  ['POST /control/replica-lag', input.replicaLag],
  ['POST /control/headers', input.headers],
  ['POST /control/limits', input.limits],
  ['POST /control/threading', input.threading],
  ['GET /control/log', input.logQuery],
  ['GET /control/dump', input.target],
])('describes each field of %s, and no other', (call, { shape }) => {
  expect(Object.keys(GUIDE.calls[call]?.fields ?? {}).sort()).toEqual(Object.keys(shape).sort());
});
