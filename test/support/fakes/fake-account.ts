import type { AccountHandle } from '../../../src/accounts/handles/account-handle.ts';
import type { IntegrationRecord } from '../../../src/accounts/integrations/integration.ts';
import type { ReadRecorder } from '../../../src/domain/dated-read.ts';
import { MailError } from '../../../src/domain/error.ts';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import type { Attachment, Message, MessageContent } from '../../../src/domain/message.ts';
import { MailAccount } from '../../../src/mail/account/mail-account.ts';
import { PageMemory } from '../../../src/mail/account/page-memory.ts';
import type { MailSession } from '../../../src/providers/contract/mail-session.ts';
import type { Capabilities } from '../../../src/providers/contract/provider.ts';

/** Creates an account over a session with the methods that a test passes. Calling another one fails the test. */
export function fakeAccount(
  id: string,
  session: Partial<MailSession>,
  more: {
    record?: Partial<IntegrationRecord>;
    capabilities?: Partial<Capabilities>;
    memory?: PageMemory | undefined;
    /** Notes what is read, and opens the sessions whose reads are noted. */
    noted?: { recorder: ReadRecorder; open: (recorder: ReadRecorder | null) => Partial<MailSession> };
  } = {},
): MailAccount {
  const record: IntegrationRecord = {
    id,
    userId: 'user',
    provider: 'FAKE',
    address: `${id}@mine.example`,
    status: 'CONNECTED',
    access: 'FULL',
    scopes: [],
    problem: null,
    connectedAt: null,
    lastEventAt: null,
    lastReconciledAt: null,
    ...more.record,
  };
  const capabilities: Capabilities = {
    mailboxesPerMessage: 'MANY',
    nativeThreads: true,
    roles: ['INBOX'],
    push: 'POLL',
    maxAttachmentBytes: 1_000_000,
    mailboxes: { create: ['LABEL'], rename: ['LABEL'], nest: ['LABEL'], color: ['LABEL'] },
    ...more.capabilities,
  };
  const handle: AccountHandle = {
    integration: record,
    sharingKey: id,
    capabilities,
    session: async () => session as MailSession,
  };
  const source = more.noted && {
    session: async (recorder: ReadRecorder | null) => more.noted?.open(recorder) as MailSession,
    isReused: true,
    recorder: more.noted.recorder,
  };
  const memory = more.memory ?? new PageMemory();
  return new MailAccount(handle, new AbortController().signal, 5_000, memory, null, source);
}

export const aMessage = (id: string, fields: Partial<Message> = {}): Message => ({
  id,
  threadId: `thread of ${id}`,
  mailboxIds: ['INBOX'],
  subject: 'Lunch',
  snippet: '',
  from: { name: 'Zoë', address: 'zoe@example.org' },
  sender: null,
  to: [{ name: null, address: 'gmail@mine.example' }],
  cc: [],
  bcc: [],
  replyTo: [],
  sentAt: new Date('2026-11-20T13:46:12Z'),
  receivedAt: new Date('2026-11-20T13:46:13Z'),
  isRead: true,
  isStarred: false,
  isDraft: false,
  isImportant: false,
  isAnswered: null,
  hasAttachments: null,
  internetMessageId: `${id}@example.org`,
  sizeBytes: null,
  content: someContent(),
  ...fields,
});

export const aMailbox = (id: string, fields: Partial<Mailbox> = {}): Mailbox => ({
  id,
  name: id,
  kind: 'LABEL',
  role: null,
  parentId: null,
  color: null,
  totalMessages: null,
  unreadMessages: null,
  ...fields,
});

export const someContent = (fields: Partial<MessageContent> = {}): MessageContent => ({
  text: 'Shall we?\n> Yes\n\nZoë',
  html: null,
  attachments: [],
  headers: [],
  inReplyTo: [],
  references: [],
  ...fields,
});

export const aFile = (id: string, fields: Partial<Attachment> = {}): Attachment => ({
  id,
  filename: `${id}.txt`,
  mimeType: 'text/plain',
  sizeBytes: null,
  isInline: false,
  contentId: null,
  ...fields,
});

/** Returns getMessages over these messages, and a readAttachment whose bytes are the attachment's id. */
export const holding = (...messages: readonly Message[]): Partial<MailSession> => ({
  getMessages: async (ids) =>
    ids.map(
      (id) => messages.find((message) => message.id === id) ?? new MailError('NOT_FOUND', 'There is no such message.'),
    ),
  readAttachment: async (messageId, attachmentId) => new Blob([`${messageId}/${attachmentId}`]).stream(),
  identities: async () => [{ address: 'gmail@mine.example', name: 'Me', isDefault: true }],
});
