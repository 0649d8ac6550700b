import { randomUUID } from 'node:crypto';
import { MailError } from '../../src/domain/error.ts';
import type { AuthorizationCode } from '../../src/providers/contract/authorization-code.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';
import { ACCOUNTS, type StoredAccount } from './mail.ts';

/**
 * Providers that send no requests, so that only the gateway is measured. They read lists and mailboxes and nothing
 * else.
 */
export const memoryProviders: readonly Provider[] = ACCOUNTS.map((account) => ({
  id: account.provider,
  name: account.provider,
  configured: true,
  domains: [],
  mxSuffixes: [],
  accesses: ['READ'],
  connectMethods: [
    {
      method: 'AUTHORIZATION_CODE',
      revokeAdvice: '',
      scopes: () => [],
      /** There is no consent page: the browser is sent back at once. */
      authorizationUrl: async ({ redirectUri, state }) =>
        `${redirectUri}?code=granted&state=${encodeURIComponent(state)}`,
      exchange: async () => ({ ...granted(), scopes: [] }),
      identify: async () => account.address,
      refresh: async () => granted(),
    } satisfies AuthorizationCode,
  ],
  capabilities: () => ({
    mailboxesPerMessage: 'MANY',
    nativeThreads: true,
    roles: [],
    push: 'WEBHOOK',
    maxAttachmentBytes: 0,
    mailboxes: { create: [], rename: [], nest: [], color: [] },
  }),
  limits: { concurrency: 10, streams: 2, units: 1_000_000, windowMs: 60_000 },
  open: () => session(account),
}));

const WATCHED_MS = 7 * 86_400_000;

const granted = () => ({ secret: {}, accessToken: 'access', expiresAt: new Date(Date.now() + 3_600_000) });

function session({ messages, mailboxes }: StoredAccount): MailSession {
  return {
    listMailboxes: async () => mailboxes,
    decides: () => 'exact',
    roleMailboxId: (role) => mailboxes.find((mailbox) => mailbox.role === role)?.id ?? null,
    listMessages: async (_query, { size }) => ({ items: messages.slice(0, size), next: 'more', rest: null }),
    changes: async () => ({ changes: [], cursor: 'here', more: false }),
    // Only of an account with a watch is it known that nothing has changed.
    watch: {
      start: async (previous) => ({ key: previous?.key ?? randomUUID(), expiresAt: new Date(Date.now() + WATCHED_MS) }),
      stop: async () => {},
    },
    identities: unsupported,
    listThreads: unsupported,
    listDrafts: unsupported,
    getMessages: unsupported,
    getThreads: unsupported,
    readAttachment: unsupported,
    readRaw: unsupported,
    update: unsupported,
    saveDraft: unsupported,
    send: unsupported,
    probe: unsupported,
    sendSettlesMs: 0,
    close: async () => {},
    deleteForever: unsupported,
    getDrafts: unsupported,
    deleteDraft: unsupported,
    saveMailbox: unsupported,
    deleteMailbox: unsupported,
  };
}

const unsupported = async (): Promise<never> => {
  throw new MailError('UNSUPPORTED', 'This mail is in memory and can only be listed.');
};
