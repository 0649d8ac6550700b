import type { Exchanged, OAuth, Password, Refreshed } from '../../src/providers/contract/connect.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';

export interface FakeProviderOptions extends Partial<Omit<Provider, 'connect'>> {
  readonly connect?: Partial<OAuth<unknown>> | Password<unknown>;
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

/** A provider of the connect flow alone, whose answers a test decides. */
export function fakeProvider(options: FakeProviderOptions = {}): Provider {
  const { connect } = options;
  return {
    id: 'GMAIL',
    name: 'Fake Mail',
    configured: true,
    domains: [],
    mxSuffixes: [],
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
    connect: connect?.kind === 'password' ? connect : fakeOAuth(connect),
  };
}

const fakeOAuth = (given: Partial<OAuth<unknown>> = {}): OAuth<unknown> => ({
  kind: 'oauth',
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
