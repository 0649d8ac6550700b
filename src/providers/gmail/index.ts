import type { RequestLimiter } from '../contract/call.ts';
import type { Adapter, Grant, Provider } from '../contract/provider.ts';
import type { FindWatch, WebhookRequest } from '../contract/watch.ts';
import { PubSubReceiver } from './changes/push.ts';
import { MAX_ATTACHED_BYTES } from './compose/mime.ts';
import { LABEL_ROLES } from './read/labels.ts';
import { GmailSession } from './session.ts';
import { type GmailOptions, optionsOf, settings } from './settings.ts';
import { type GmailSecret, GoogleAuthorizationCode } from './sign-in/authorization-code.ts';
import { BatchWidth } from './wire/batch-width.ts';
import { GmailClient, gmailOrigin } from './wire/client.ts';
import { HeaderSpelling } from './wire/header-spelling.ts';
import { LIMITS } from './wire/quota.ts';

function gmailProvider(options: GmailOptions): Provider<GmailSecret> {
  const receiver = new PubSubReceiver(options.oauthUrl, options.pubsubServiceAccount);
  // There is one RequestLimiter an account; what Gmail thinks of wide batches, and how it spells headers, is learned for each.
  const learned = new WeakMap<RequestLimiter, { width: BatchWidth; spelling: HeaderSpelling }>();
  const learnedOf = (limiter: RequestLimiter) => {
    const known = learned.get(limiter) ?? { width: new BatchWidth(), spelling: new HeaderSpelling() };
    learned.set(limiter, known);
    return known;
  };
  return {
    id: 'GMAIL',
    name: 'Gmail',
    configured: options.clientId !== null && options.clientSecret !== null,
    domains: ['gmail.com', 'googlemail.com', ...options.domains.map((domain) => domain.toLowerCase())],
    mxSuffixes: ['aspmx.l.google.com', 'smtp.google.com', 'googlemail.com'],
    connectMethods: [new GoogleAuthorizationCode(options)],
    capabilities: {
      mailboxesPerMessage: 'MANY',
      nativeThreads: true,
      push: options.pubsubTopic === null ? 'POLL' : 'WEBHOOK',
      maxAttachmentBytes: MAX_ATTACHED_BYTES,
      roles: LABEL_ROLES,
      mailboxes: { create: ['LABEL'], rename: ['LABEL'], nest: ['LABEL'], color: ['LABEL'] },
    },
    limits: LIMITS,
    open(grant: Grant, limiter: RequestLimiter) {
      const { width, spelling } = learnedOf(limiter);
      return new GmailSession(
        new GmailClient(gmailOrigin(options.apiUrl), grant, limiter, width, spelling),
        options.pubsubTopic,
      );
    },
    receive: (request: WebhookRequest, findWatch: FindWatch) => receiver.receive(request, findWatch),
  };
}

export const gmail: Adapter<typeof settings> = {
  id: 'GMAIL',
  description: 'Gmail and Google Workspace, through the Gmail API.',
  settings,
  create: (given) => gmailProvider(optionsOf(given)) as Provider,
};
