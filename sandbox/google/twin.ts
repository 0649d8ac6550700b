import { SANDBOX_CLIENT } from '../client.ts';
import type { Twin } from '../twin.ts';
import { HEADER_SPELLINGS } from '../world.ts';
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
  demo: { name: 'Demo Postern', address: 'demo@gmail.example' },
  password: null,
  operations: {
    identify: 'getProfile',
    read: 'messages.get',
    save: 'drafts.create',
    upload: 'drafts.create upload',
    send: 'drafts.send',
  },
  environment: (url) => ({
    GOOGLE_CLIENT_ID: SANDBOX_CLIENT.clientId,
    GOOGLE_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    GOOGLE_OAUTH_URL: url,
    GOOGLE_API_URL: url,
    GOOGLE_PUBSUB_TOPIC: DEFAULT_TOPIC,
    GOOGLE_PUBSUB_SERVICE_ACCOUNT: PUSH_SERVICE_ACCOUNT,
    GOOGLE_DOMAINS: 'gmail.example',
  }),
  create: (world, { publicUrl, deliverElsewhere, headers }) =>
    createGoogle(world, {
      ...SANDBOX_CLIENT,
      pushServiceAccount: PUSH_SERVICE_ACCOUNT,
      pushEndpoint: () => `${publicUrl()}/webhooks/gmail`,
      deliverElsewhere,
      headers,
    }),
};
