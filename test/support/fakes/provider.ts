import type { AuthorizationCode } from '../../../src/providers/contract/authorization-code.ts';
import type { Exchanged, Refreshed } from '../../../src/providers/contract/connect.ts';
import type { Password } from '../../../src/providers/contract/password.ts';
import type { Provider } from '../../../src/providers/contract/provider.ts';

interface FakeProviderOptions extends Partial<Omit<Provider, 'connectMethods'>> {
  /** The one method by which it is connected, or the parts in which its authorization code differs from the default. */
  readonly connect?: Partial<AuthorizationCode> | Password;
}

let tokens = 0;

export const granted = (secret: unknown, lifeMs = 3_600_000): Refreshed<unknown> => ({
  secret,
  accessToken: `access-${++tokens}`,
  expiresAt: new Date(Date.now() + lifeMs),
});

export const exchanged = (address: string): Exchanged<unknown> => ({
  ...granted({ refreshToken: `refresh of ${address}` }),
  address,
  scopes: ['read'],
});

/** Creates a provider that can only be connected, and whose answers a test decides. */
export function fakeProvider({ connect, ...options }: FakeProviderOptions = {}): Provider {
  return {
    id: 'GMAIL',
    name: 'Fake Mail',
    configured: true,
    domains: [],
    mxSuffixes: [],
    accesses: ['READ', 'WRITE', 'FULL'],
    capabilities: () => ({
      mailboxesPerMessage: 'MANY',
      nativeThreads: true,
      roles: ['INBOX'],
      push: 'WEBHOOK',
      maxAttachmentBytes: 1,
      mailboxes: { create: [], rename: [], nest: [], color: [] },
    }),
    limits: { concurrency: 4, streams: 2, units: 1_000, windowMs: 1_000 },
    open: () => {
      throw new Error('this provider opens no account');
    },
    ...options,
    connectMethods: [connect?.method === 'PASSWORD' ? connect : fakeAuthorizationCode(connect)],
  };
}

const fakeAuthorizationCode = (given: Partial<AuthorizationCode> = {}): AuthorizationCode => ({
  method: 'AUTHORIZATION_CODE',
  scopes: (access) => [access.toLowerCase()],
  authorizationUrl: async (request) => {
    const { state, codeChallenge, redirectUri } = request;
    return `https://provider.example/auth?${new URLSearchParams({ state, code_challenge: codeChallenge, redirect_uri: redirectUri })}`;
  },
  declined: () => null,
  exchange: async () => exchanged('ada@mail.example'),
  identify: async (traded) => (traded as Exchanged<unknown>).address,
  refresh: async (secret) => granted(secret),
  revokeAdvice: 'Take the consent back at provider.example.',
  ...given,
});
