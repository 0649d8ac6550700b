import { registerEnumType } from 'type-graphql';
import type { Adapter } from '../../providers/contract/provider.ts';
import { ADAPTERS } from '../../providers/registry.ts';

const IMAP = {
  id: 'IMAP',
  description: 'Reserved for any IMAP server; serves an account only when `providers` lists it.',
};
const served: readonly Pick<Adapter, 'id' | 'description'>[] = [...ADAPTERS, IMAP];

export const ProviderIdEnum: Readonly<Record<string, string>> = Object.fromEntries(served.map(({ id }) => [id, id]));

registerEnumType(ProviderIdEnum, {
  name: 'ProviderId',
  description: 'Who holds the mail. To know what an account can do, ask its capabilities and not its provider.',
  valuesConfig: Object.fromEntries(served.map(({ id, description }) => [id, { description }])),
});
