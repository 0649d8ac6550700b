import { hash } from 'node:crypto';
import type { Envelope } from '../../mail/mail.ts';
import { conversationId } from './ids.ts';

export interface Conversation {
  readonly id: string;
  /** Base64 of the PidTagConversationIndex: 22 bytes, and five more for each reply. */
  readonly index: string;
  /** The Message-ID that it began with. */
  readonly root: string;
}

/**
 * Finds a mail's conversation as Exchange does: by the first message its references name, and by its topic. A changed
 * subject begins a new conversation; a subject alone joins nothing.
 */
export class Conversations {
  readonly #account: string;
  /** The first message of a reply's thread, by the reply's own Message-ID. */
  readonly #roots = new Map<string, string>();
  /** The Message-IDs of all whose conversation is known. */
  readonly #known = new Set<string>();

  constructor(account: string) {
    this.#account = account;
  }

  /** Whether what it answers has to be looked for in the mailbox: it names nothing but a mail that was not seen yet. */
  isOpen({ inReplyTo: [parent], references }: Envelope): boolean {
    return references.length === 0 && parent !== undefined && !this.#known.has(parent);
  }

  /** By what the mail's own headers say, as of one that arrives. */
  of(envelope: Envelope, key: string, at: Date): Conversation {
    const parent = envelope.inReplyTo[0];
    const first = envelope.references[0] ?? parent;
    const root = first === undefined ? this.#own(envelope, key) : (this.#roots.get(first) ?? first);
    const depth = first === undefined ? 0 : Math.max(1, envelope.references.length);
    return this.#conversation(envelope, key, root, depth, at);
  }

  /** Of one that createReply and its kin made: its original's, whatever its own headers say. */
  after(original: Conversation, envelope: Envelope, key: string, at: Date): Conversation {
    const depth = (Buffer.from(original.index, 'base64').length - 22) / 5 + 1;
    return { ...this.#conversation(envelope, key, original.root, depth, at), id: original.id };
  }

  /** Of one that was written here as a new message: Exchange promises no more for headers that a client wrote into it. */
  begin(envelope: Envelope, key: string, at: Date): Conversation {
    return this.#conversation(envelope, key, this.#own(envelope, key), 0, at);
  }

  /** A mail whose conversation is known, as that of what it answers is by it. */
  learn(envelope: Envelope, key: string, { root }: Conversation): void {
    const own = this.#own(envelope, key);
    this.#known.add(own);
    for (const id of [own, envelope.references[0] ?? envelope.inReplyTo[0]])
      if (id !== undefined && id !== root) this.#roots.set(id, root);
  }

  #own(envelope: Envelope, key: string): string {
    return envelope.messageId ?? key;
  }

  #conversation(envelope: Envelope, key: string, root: string, depth: number, at: Date): Conversation {
    const own = this.#own(envelope, key);
    this.#known.add(own);
    if (root !== own) this.#roots.set(own, root);
    const id = conversationId(this.#account, root, topicOf(envelope.subject));
    return { id, index: indexOf(root, depth, at), root };
  }
}

export function topicOf(subject: string): string {
  let topic = subject.trim();
  for (;;) {
    const shorter = topic.replace(/^(?:re|fwd?|aw|wg|sv|vs|antw|tr|rif|res|enc)(?:\[\d+\])?\s*:\s*/i, '');
    if (shorter === topic) return topic.toLowerCase();
    topic = shorter;
  }
}

function indexOf(root: string, depth: number, at: Date): string {
  const header = Buffer.alloc(22 + 5 * depth);
  // FILETIME counts 100 ns from 1601; the header keeps its upper five bytes after a 01.
  const fileTime = (BigInt(at.getTime()) + 11_644_473_600_000n) * 10_000n;
  header.writeUInt8(1, 0);
  header.writeUIntBE(Number((fileTime >> 16n) & 0xff_ffff_ffffn), 1, 5);
  hash('md5', root, 'buffer').copy(header, 6);
  for (let level = 0; level < depth; level++) header.writeUIntBE(level + 1, 22 + 5 * level, 5);
  return header.toString('base64');
}
