import type { Adapter, Capabilities, Provider } from '../contract/provider.ts';
import type { FindWatch, WebhookRequest } from '../contract/watch.ts';
import { PubSubReceiver } from './changes/push.ts';
import { MAX_ATTACHED_BYTES } from './compose/mime.ts';
import { LABEL_ROLES } from './read/labels.ts';
import { openSession } from './session.ts';
import { type GmailOptions, optionsOf, settings } from './settings.ts';
import { type GmailSecret, GoogleAuthorizationCode } from './sign-in/authorization-code.ts';
import { GmailClient, gmailOrigin } from './wire/client.ts';
import { LIMITS } from './wire/quota.ts';

function gmailProvider(options: GmailOptions): Provider<GmailSecret> {
  const receiver = new PubSubReceiver(options.oauthUrl, options.pubsubServiceAccount);
  const capabilities: Capabilities = {
    mailboxesPerMessage: 'MANY',
    nativeThreads: true,
    push: options.pubsubTopic === null ? 'POLL' : 'WEBHOOK',
    maxAttachmentBytes: MAX_ATTACHED_BYTES,
    roles: LABEL_ROLES,
    mailboxes: { create: ['LABEL'], rename: ['LABEL'], nest: ['LABEL'], color: ['LABEL'] },
  };
  return {
    id: 'GMAIL',
    name: 'Gmail',
    configured: options.clientId !== null && options.clientSecret !== null,
    domains: ['gmail.com', 'googlemail.com', ...options.domains.map((domain) => domain.toLowerCase())],
    mxSuffixes: ['aspmx.l.google.com', 'smtp.google.com', 'googlemail.com'],
    accesses: ['READ', 'WRITE', 'FULL'],
    connectMethods: [new GoogleAuthorizationCode(options)],
    capabilities: () => capabilities,
    limits: LIMITS,
    open: (account) => openSession(new GmailClient(gmailOrigin(options.apiUrl), account), options.pubsubTopic),
    receive: (request: WebhookRequest, findWatch: FindWatch) => receiver.receive(request, findWatch),
  };
}

export const gmail: Adapter<typeof settings> = {
  id: 'GMAIL',
  description: 'Gmail and Google Workspace, through the Gmail API.',
  settings,
  create: (values) => gmailProvider(optionsOf(values)) as Provider,
};
