import { expect, it } from 'vitest';
import { encodeId } from '../../src/domain/global-id.ts';
import { OperationCost } from '../../src/graphql/cost.ts';

const begun = () => {
  const cost = new OperationCost();
  cost.begin();
  return cost;
};
const none = { requests: 0, units: 0, waves: 0, cached: 0 };

it('counts nothing unless the client asked', () => {
  const cost = new OperationCost();
  expect(cost.meter('one')).toBeNull();
  expect(cost.take()).toBeNull();
});

it('has the accounts in the order in which they were opened, also those that were asked nothing', () => {
  const cost = begun();
  cost.meter('two');
  cost.meter('one')?.sent(5)();
  cost.meter('one')?.cached(3);
  expect(cost.take()).toEqual({
    accounts: [
      { integration: encodeId('Integration', 'two'), ...none },
      { integration: encodeId('Integration', 'one'), requests: 1, units: 5, waves: 1, cached: 3 },
    ],
  });
});

it('begins a wave when no request of the account is in flight', () => {
  const cost = begun();
  const meter = cost.meter('one');
  const [first, second] = [meter?.sent(1), meter?.sent(1)];
  first?.();
  // Ending a request twice does not end the other one.
  first?.();
  const third = meter?.sent(1);
  second?.();
  third?.();
  meter?.sent(1)();
  expect(cost.take()?.accounts).toMatchObject([{ requests: 4, units: 4, waves: 2 }]);
});

it('begins again for each event of a subscription, in the wave that is still in flight', () => {
  const cost = begun();
  const end = cost.meter('one')?.sent(2);
  expect(cost.take()?.accounts).toMatchObject([{ requests: 1, units: 2, waves: 1 }]);
  cost.meter('one')?.sent(2)();
  expect(cost.take()?.accounts).toMatchObject([{ requests: 1, units: 2, waves: 0 }]);
  end?.();
  cost.meter('one')?.sent(2)();
  expect(cost.take()?.accounts).toMatchObject([{ requests: 1, units: 2, waves: 1 }]);
});
