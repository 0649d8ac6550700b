import type { Adapter, Capabilities, Provider } from '../contract/provider.ts';
import { receive } from './changes/push.ts';
import { MAX_FILE_BYTES } from './compose/message-size.ts';
import { openSession } from './session.ts';
import { type OutlookOptions, optionsOf, settings } from './settings.ts';
import { authorizationCode, type OutlookSecret } from './sign-in/authorization-code.ts';
import { createSdk, GraphClient } from './wire/client.ts';
import { Deletions } from './wire/deletions.ts';
import { FolderRoles, ROLES } from './wire/folder-roles.ts';
import { HiddenFolders } from './wire/hidden-folders.ts';
import { MessageFolders } from './wire/message-folders.ts';

const DOMAINS = ['outlook.com', 'hotmail.com', 'live.com', 'msn.com'];
/** MX hosts of Exchange Online, of Outlook.com, and of Exchange Online with DNSSEC. */
const MX_SUFFIXES = ['mail.protection.outlook.com', 'olc.protection.outlook.com', 'mx.microsoft'];

const CAPABILITIES: Capabilities = {
  mailboxesPerMessage: 'ONE',
  nativeThreads: true,
  push: 'WEBHOOK',
  maxAttachmentBytes: MAX_FILE_BYTES,
  roles: ROLES.map(([, role]) => role),
  mailboxes: { create: ['FOLDER', 'LABEL'], rename: ['FOLDER'], nest: ['FOLDER'], color: ['LABEL'] },
};

/** Outlook, Microsoft 365 and Exchange Online, through Microsoft Graph v1.0. */
function outlookProvider(options: OutlookOptions): Provider<OutlookSecret> {
  const sdk = createSdk(options.graphUrl);
  return {
    id: 'OUTLOOK',
    name: 'Outlook',
    configured: options.clientId !== null && options.clientSecret !== null,
    domains: [...new Set([...DOMAINS, ...options.domains.map((domain) => domain.toLowerCase())])],
    mxSuffixes: MX_SUFFIXES,
    accesses: ['READ', 'WRITE', 'FULL'],
    connectMethods: [authorizationCode(options, sdk)],
    capabilities: () => CAPABILITIES,
    limits: { concurrency: 4, streams: 2, units: 10_000, windowMs: 600_000 },
    open: (account) =>
      openSession({
        address: account.address,
        access: account.access,
        graph: new GraphClient(sdk, account, options.graphUrl),
        lagWaitsMs: options.lagWaitsMs,
        hidden: new HiddenFolders(),
        roles: new FolderRoles(),
        deletions: new Deletions(),
        folders: new MessageFolders(),
      }),
    receive,
  };
}

export const outlook: Adapter<typeof settings> = {
  id: 'OUTLOOK',
  description: 'Outlook.com and Microsoft 365, through Microsoft Graph.',
  settings,
  create: (values, times) => outlookProvider(optionsOf(values, times)) as Provider,
};
