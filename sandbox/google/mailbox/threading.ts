import type { Envelope } from '../../mail/mail.ts';

interface Known {
  readonly threadId: string;
  readonly subject: string;
}

/** Puts messages into threads as Gmail does: a shared Message-ID in References or In-Reply-To, and the same subject. */
export class Threading {
  readonly #known = new Map<string, Known>();

  /** The thread that the mail belongs to, or null: it begins one. */
  find(envelope: Envelope): string | null {
    const subject = baseSubject(envelope.subject);
    for (const id of idsOf(envelope)) {
      const known = this.#known.get(id);
      if (known && known.subject === subject) return known.threadId;
    }
    return null;
  }

  /** Whether a sender may put the mail into that thread: Gmail wants the headers to agree with the threadId. */
  fits(envelope: Envelope, threadId: string): boolean {
    const subject = baseSubject(envelope.subject);
    return [...envelope.inReplyTo, ...envelope.references].some((id) => {
      const known = this.#known.get(id);
      return known?.threadId === threadId && known.subject === subject;
    });
  }

  learn(envelope: Envelope, threadId: string): void {
    const known = { threadId, subject: baseSubject(envelope.subject) };
    for (const id of idsOf(envelope)) if (!this.#known.has(id)) this.#known.set(id, known);
  }
}

/** The subject without its reply and forward prefixes. */
function baseSubject(subject: string): string {
  return subject
    .replace(/^(\s*(re|fwd?|aw|wg|sv|vs|tr|rv|antw)(\[\d+\])?\s*:)+/i, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

function idsOf(envelope: Envelope): readonly string[] {
  const own = envelope.messageId === null ? [] : [envelope.messageId];
  return [...own, ...envelope.inReplyTo, ...envelope.references.toReversed()];
}
