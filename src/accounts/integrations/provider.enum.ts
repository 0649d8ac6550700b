import { registerEnumType } from 'type-graphql';
import type { Adapter, Provider } from '../../providers/contract/provider.ts';
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

/** Only what works: the enum grows with the ways to connect. */
export const ConnectMethodEnum = { AUTHORIZATION_CODE: 'AUTHORIZATION_CODE', PASSWORD: 'PASSWORD' } as const;
export type ConnectMethod = keyof typeof ConnectMethodEnum;
export const CONNECT_METHODS: Readonly<Record<Provider['connect']['kind'], ConnectMethod>> = {
  oauth: 'AUTHORIZATION_CODE',
  password: 'PASSWORD',
};

registerEnumType(ConnectMethodEnum, {
  name: 'ConnectMethod',
  description: 'How an account can be connected.',
  valuesConfig: {
    AUTHORIZATION_CODE: {
      description: "The user consents on the provider's own page (OAuth 2.0 with PKCE) and comes back.",
    },
    PASSWORD: {
      description:
        'The user gives us a password that the provider knows, best one made for this alone; no browser is needed.',
    },
  },
});
