import type { Address } from './address.ts';
import type { Message } from './message.ts';

/** A conversation in one account. */
export interface Thread {
  readonly id: string;
  /** The first message's subject. */
  readonly subject: string;
  /** The newest message's snippet. */
  readonly snippet: string;
  /** The senders of its messages, in order of their first message, each address once. */
  readonly participants: readonly Address[];
  readonly mailboxIds: readonly string[];
  /** Envelopes, oldest first. An adapter may document a maximum; `messageCount` counts all. */
  readonly messages: readonly Message[];
  readonly messageCount: number;
  /** The receivedAt of the newest message outside trash and junk, or of the newest message when all are in these. Lists are ordered by it. */
  readonly lastMessageAt: Date;
  readonly isUnread: boolean;
  /** The ids of the account's trash and junk, for making the thread again from fewer messages. */
  readonly hidden: ReadonlySet<string>;
}

/**
 * Makes a thread of envelopes, in the same way for every provider. `messages` is not empty. Messages with the same receivedAt are
 * in their order, oldest first. `hidden` are the ids of trash and junk.
 */
export function threadOf(
  id: string,
  messages: readonly Message[],
  hidden: ReadonlySet<string>,
  messageCount = messages.length,
): Thread {
  const ordered = [...messages].sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
  const first = ordered[0];
  const last = ordered.at(-1);
  if (!first || !last) throw new RangeError('a thread has at least one message');
  const shown = ordered.findLast((message) => !isHidden(message, hidden)) ?? last;
  const participants = new Map<string, Address>();
  for (const { from } of ordered) {
    if (from && !participants.has(from.address.toLowerCase())) participants.set(from.address.toLowerCase(), from);
  }
  return {
    id,
    subject: first.subject,
    snippet: last.snippet,
    participants: [...participants.values()],
    mailboxIds: [...new Set(ordered.flatMap((m) => m.mailboxIds))],
    messages: ordered,
    messageCount,
    lastMessageAt: shown.receivedAt,
    isUnread: ordered.some((m) => !m.isRead),
    hidden,
  };
}

/** Whether a message is in the trash or junk, whose ids are `hidden`. */
export const isHidden = ({ mailboxIds }: Message, hidden: ReadonlySet<string>): boolean =>
  mailboxIds.some((id) => hidden.has(id));
