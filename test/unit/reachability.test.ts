import { expect, it, vi } from 'vitest';
import { RequestLimiters } from '../../src/accounts/handles/request-limiters.ts';
import { Reachability } from '../../src/accounts/integrations/reachability.ts';
import { silent } from '../support/app/database.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

it('no longer counts an account as away that nothing uses any more', () => {
  const reachability = new Reachability();
  const answered = vi.fn();
  reachability.listen({ answered });
  const limiters = new RequestLimiters({ log: silent, reachability });
  const provider = fakeProvider();
  limiters.of(provider, 'Gone@mail.example');
  reachability.report({ provider: provider.id, address: 'gone@mail.example' }, 'unavailable');
  const other = { provider: provider.id, address: 'other@mail.example' };
  reachability.report(other, 'answered');
  limiters.prune(new Set());
  reachability.report(other, 'answered');
  expect(answered.mock.calls).toEqual([
    [other, true],
    [other, false],
  ]);
});
