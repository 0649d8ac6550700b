import type { Message } from '../../../src/domain/message.ts';

/** Returns numbers between 0 and 1 that a seed reproduces (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const envelope = (given: Partial<Message> & Pick<Message, 'id' | 'threadId' | 'receivedAt'>): Message => ({
  mailboxIds: [],
  subject: 'subject',
  snippet: '',
  from: null,
  sender: null,
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  sentAt: null,
  isRead: true,
  isStarred: false,
  isDraft: false,
  isImportant: false,
  isAnswered: null,
  hasAttachments: null,
  internetMessageId: null,
  sizeBytes: null,
  content: null,
  ...given,
});
