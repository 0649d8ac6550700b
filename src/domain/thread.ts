import type { Address } from './address.ts';
import type { Message } from './message.ts';

/** A conversation inside one account. */
export interface Thread {
  readonly id: string;
  /** The first message's subject. */
  readonly subject: string;
  /** The newest message's snippet. */
  readonly snippet: string;
  /** Everyone who wrote in it, oldest first, each address once. */
  readonly participants: readonly Address[];
  readonly mailboxIds: readonly string[];
  /** Envelopes, oldest first. Holds every message up to the adapter's documented limit; see messageCount. */
  readonly messages: readonly Message[];
  readonly messageCount: number;
  readonly lastMessageAt: Date;
  readonly isUnread: boolean;
}

/** The thread that these envelopes make: the one definition for every provider. `messages` is not empty. */
export function threadOf(id: string, messages: readonly Message[], messageCount = messages.length): Thread {
  const ordered = [...messages].sort(
    (a, b) => a.receivedAt.getTime() - b.receivedAt.getTime() || (a.id < b.id ? -1 : 1),
  );
  const first = ordered[0];
  const last = ordered.at(-1);
  if (!first || !last) throw new RangeError('a thread has at least one message');
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
    lastMessageAt: last.receivedAt,
    isUnread: ordered.some((m) => !m.isRead),
  };
}
