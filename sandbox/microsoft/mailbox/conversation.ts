import { hash } from 'node:crypto';
import type { Envelope } from '../../mail/mail.ts';
import { conversationId } from './ids.ts';

export interface Conversation {
  readonly id: string;
  /** The PidTagConversationIndex in base64. It has 22 bytes, and five more for each level of replies. */
  readonly index: string;
  /** The Message-ID of the mail that began it. */
  readonly root: string;
}

/**
 * Finds the conversation of a mail as Exchange does: by the first message that its references name, and by its topic. A changed
 * subject begins a new conversation. An equal subject alone does not join a conversation.
 */
export class Conversations {
  readonly #account: string;
  /** The Message-ID of a thread's first message, by the Message-ID of a reply. */
  readonly #roots = new Map<string, string>();
  /** The Message-IDs of all mails whose conversation is known. */
  readonly #known = new Set<string>();

  constructor(account: string) {
    this.#account = account;
  }

  /**
   * Returns whether the mail that this one answers must be searched for in the mailbox. This is so when it names only a parent
   * that is not known yet.
   */
  isOpen({ inReplyTo: [parent], references }: Envelope): boolean {
    return references.length === 0 && parent !== undefined && !this.#known.has(parent);
  }

  /** Returns the conversation that a mail's own headers name. It is used for mail that arrives. */
  of(envelope: Envelope, key: string, at: Date): Conversation {
    const parent = envelope.inReplyTo[0];
    const first = envelope.references[0] ?? parent;
    const root = first === undefined ? this.#own(envelope, key) : (this.#roots.get(first) ?? first);
    const depth = first === undefined ? 0 : Math.max(1, envelope.references.length);
    return this.#conversation(envelope, key, root, depth, at);
  }

  /**
   * Returns the conversation of a draft that createReply, createReplyAll or createForward made. It is that of the original,
   * whatever the draft's own headers say.
   */
  after(original: Conversation, envelope: Envelope, key: string, at: Date): Conversation {
    const depth = (Buffer.from(original.index, 'base64').length - 22) / 5 + 1;
    return { ...this.#conversation(envelope, key, original.root, depth, at), id: original.id };
  }

  /** Returns a new conversation for a new message that was written here. Exchange does not promise to use the headers that a client wrote into it. */
  begin(envelope: Envelope, key: string, at: Date): Conversation {
    return this.#conversation(envelope, key, this.#own(envelope, key), 0, at);
  }

  /** Records the conversation of a mail. The conversation of the mail that it answers is thereby known as well. */
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
  // A FILETIME counts units of 100 ns since 1601. The header has a byte 01, and then the second to the sixth of its eight bytes.
  const fileTime = (BigInt(at.getTime()) + 11_644_473_600_000n) * 10_000n;
  header.writeUInt8(1, 0);
  header.writeUIntBE(Number((fileTime >> 16n) & 0xff_ffff_ffffn), 1, 5);
  hash('md5', root, 'buffer').copy(header, 6);
  for (let level = 0; level < depth; level++) header.writeUIntBE(level + 1, 22 + 5 * level, 5);
  return header.toString('base64');
}
