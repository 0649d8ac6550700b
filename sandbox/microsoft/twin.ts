import { SANDBOX_CLIENT } from '../client.ts';
import type { Twin } from '../twin.ts';
import { READ_TOGGLES, SEARCH_INDEXES } from '../world.ts';
import { SIGN_IN_REFUSALS } from './identity/sign-in.refusals.ts';
import { createMicrosoft } from './index.ts';
import { MAILBOX_REFUSALS } from './wire/errors.ts';

export const microsoft: Twin = {
  vendor: 'microsoft',
  name: 'Microsoft',
  provider: 'OUTLOOK',
  domain: 'outlook.example',
  side: 'office',
  // Graph gives addresses as fields, and headers as they were written.
  spellings: ['written'],
  sendings: [
    {},
    { ids: 'changed' },
    ...(['draft', 'absent'] as const).flatMap((meanwhile) =>
      (['kept', 'changed'] as const).map((ids) => ({ lagSeconds: 3_600, meanwhile, ids })),
    ),
  ],
  signInRefusals: SIGN_IN_REFUSALS,
  sameSignInRefusals: [
    ['AADSTS90093', 'AADSTS90094'],
    ['AADSTS53003', 'AADSTS50131'],
  ],
  mailboxRefusals: MAILBOX_REFUSALS,
  subjectThreads: ['apart'],
  searchWays: { accents: SEARCH_INDEXES.accents, forms: ['whole', 'beginnings'], order: SEARCH_INDEXES.order },
  searchIndexes: [{ accents: 'kept', forms: 'beginnings', order: 'received' }],
  demo: { name: 'Demo Postern', address: 'demo@outlook.example' },
  password: null,
  operations: {
    identify: 'GET /me',
    read: 'GET /me/messages/{id}',
    changes: 'GET /me/mailFolders/{id}/messages/delta',
    save: 'POST /me/messages',
    upload: 'PUT (uploadUrl)',
    send: 'POST /me/messages/{id}/send',
  },
  // Changes in batches of 20.
  bulkRequests: { update: 2 * 3 * 15, deleteForever: 12 },
  readToggles: READ_TOGGLES,
  alias: () => null,
  // The last one is the token endpoint's; 429 is its as well.
  errors: { ApplicationThrottled: 429, ServiceUnavailable: 503, temporarily_unavailable: 503 },
  environment: (url) => ({
    MICROSOFT_CLIENT_ID: SANDBOX_CLIENT.clientId,
    MICROSOFT_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    MICROSOFT_LOGIN_URL: url,
    MICROSOFT_GRAPH_URL: url,
    MICROSOFT_DOMAINS: 'outlook.example',
  }),
  create: (world, { publicUrl, deliverElsewhere }) =>
    createMicrosoft(world, {
      ...SANDBOX_CLIENT,
      deliverElsewhere,
      registeredUri: () => `${publicUrl()}/oauth/callback`,
    }),
};
