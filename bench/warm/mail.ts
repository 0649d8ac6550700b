import type { Address } from '../../src/domain/address.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';

/**
 * The objects in memory with which every server of the warm measure answers. They are generated, so each process has
 * the same ones.
 */
export interface StoredAccount {
  readonly provider: 'GMAIL' | 'OUTLOOK';
  readonly address: string;
  readonly mailboxes: readonly Mailbox[];
  /** Newest first. */
  readonly messages: readonly Message[];
}

const MESSAGES = 100;
const NEWEST = Date.UTC(2026, 10, 20, 9);
const MINUTE = 60_000;

export const ACCOUNTS: readonly StoredAccount[] = [
  account('GMAIL', 'warm@gmail.example', 0),
  account('OUTLOOK', 'warm@outlook.example', 1),
];

function account(provider: StoredAccount['provider'], address: string, offset: number): StoredAccount {
  const mailboxes = [
    mailbox('inbox', 'Inbox', 'INBOX'),
    mailbox('work', 'Work', null),
    mailbox('travel', 'Travel', null),
  ];
  const me: Address = { name: 'Demo Postern', address };
  const messages = Array.from({ length: MESSAGES }, (_, n): Message => {
    const at = new Date(NEWEST - (2 * n + offset) * 7 * MINUTE);
    const from: Address = { name: `Person ${n % 17} of Example`, address: `person-${n % 17}@people.example` };
    return {
      id: `${provider.toLowerCase()}-18c3f0a9b7d${n.toString(16).padStart(5, '0')}`,
      threadId: `thread-${n >> 1}`,
      mailboxIds: n % 3 === 0 ? ['inbox', 'work'] : ['inbox'],
      subject: `Subject number ${n}, about as long as subjects are`,
      snippet: `The first words of message ${n}: what was agreed on Tuesday, when the next round is, and who brings the figures for it.`,
      from,
      sender: null,
      to: [me],
      cc: [],
      bcc: [],
      replyTo: [],
      sentAt: at,
      receivedAt: at,
      isRead: n % 4 !== 0,
      isStarred: n % 9 === 0,
      isDraft: false,
      isImportant: n % 5 === 0,
      isAnswered: null,
      hasAttachments: n % 6 === 0,
      internetMessageId: `${n}.${offset}@mail.example`,
      sizeBytes: 4_000 + n,
      content: null,
    };
  });
  return { provider, address, mailboxes, messages };
}

function mailbox(id: string, name: string, role: Mailbox['role']): Mailbox {
  return {
    id,
    name,
    kind: 'LABEL',
    role,
    parentId: null,
    color: null,
    totalMessages: null,
    unreadMessages: null,
  };
}
