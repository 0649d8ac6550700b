import { SANDBOX_CLIENT } from '../client.ts';
import type { Twin } from '../twin.ts';
import { HEADER_SPELLINGS, SEARCH_INDEXES, SUBJECT_THREADS } from '../world.ts';
import { SIGN_IN_REFUSALS } from './identity/sign-in.refusals.ts';
import { createGoogle } from './index.ts';
import { DEFAULT_TOPIC } from './options.ts';

const PUSH_SERVICE_ACCOUNT = 'push@postern-sandbox.iam.example';

export const google: Twin = {
  vendor: 'google',
  name: 'Google',
  provider: 'GMAIL',
  domain: 'gmail.example',
  side: 'home',
  spellings: HEADER_SPELLINGS,
  sendings: [{ messageId: 'kept' }, { messageId: 'original' }, { messageId: 'replaced' }],
  signInRefusals: SIGN_IN_REFUSALS,
  sameSignInRefusals: [['invalid_rapt', 'invalid_rapt_untyped']],
  mailboxRefusals: ['failedPrecondition'],
  subjectThreads: SUBJECT_THREADS,
  searchWays: {
    accents: SEARCH_INDEXES.accents,
    underscore: SEARCH_INDEXES.underscore,
    forms: ['whole', 'stems'],
    unspaced: SEARCH_INDEXES.unspaced,
    sender: SEARCH_INDEXES.sender,
    messageIds: SEARCH_INDEXES.messageIds,
  },
  searchIndexes: [
    { accents: 'kept' },
    { underscore: 'separates' },
    { forms: 'stems' },
    { unspaced: 'runs' },
    { sender: 'ignored', messageIds: 'exact' },
  ],
  demo: { name: 'Demo Postern', address: 'demo@gmail.example' },
  password: null,
  operations: {
    identify: 'getProfile',
    read: 'messages.get',
    changes: 'history.list',
    save: 'drafts.create',
    upload: 'drafts.create upload',
    send: 'drafts.send',
  },
  // An update is a batchModify for each way and reads in batches of 25. A deletion is a batchDelete and reads of what is left.
  bulkRequests: { update: 2 * (4 + 12), deleteForever: 1 + 5 },
  readToggles: null,
  alias: (address) => address.replace('@', '.alias@'),
  // The last one is an error of the token endpoint.
  errors: { rateLimitExceeded: 429, userRateLimitExceeded: 403, backendError: 503, rate_limit_exceeded: 429 },
  environment: (url) => ({
    GOOGLE_CLIENT_ID: SANDBOX_CLIENT.clientId,
    GOOGLE_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    GOOGLE_OAUTH_URL: url,
    GOOGLE_API_URL: url,
    GOOGLE_PUBSUB_TOPIC: DEFAULT_TOPIC,
    GOOGLE_PUBSUB_SERVICE_ACCOUNT: PUSH_SERVICE_ACCOUNT,
    GOOGLE_DOMAINS: 'gmail.example',
  }),
  create: (world, { publicUrl, ...surroundings }) =>
    createGoogle(world, {
      ...SANDBOX_CLIENT,
      pushServiceAccount: PUSH_SERVICE_ACCOUNT,
      pushEndpoint: () => `${publicUrl()}/webhooks/gmail`,
      ...surroundings,
    }),
};
