import { registerEnumType } from 'type-graphql';
import type { Adapter } from '../../providers/contract/provider.ts';
import { ADAPTERS } from '../../providers/registry.ts';

/** A placeholder until the registry lists an adapter with this id. */
const IMAP = {
  id: 'IMAP',
  description: 'Reserved for IMAP servers. Accounts can use it only when `providers` lists it.',
};
const served: readonly Pick<Adapter, 'id' | 'description'>[] = [IMAP, ...ADAPTERS];

export const ProviderIdEnum: Readonly<Record<string, string>> = Object.fromEntries(served.map(({ id }) => [id, id]));

registerEnumType(ProviderIdEnum, {
  name: 'ProviderId',
  description: 'A mail provider. To find out what an account can do, read its `capabilities` rather than its provider.',
  valuesConfig: Object.fromEntries(served.map(({ id, description }) => [id, { description }])),
});
