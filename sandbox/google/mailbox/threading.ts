import type { Envelope } from '../../mail/mail.ts';
import type { SubjectThreads } from '../../world.ts';

interface Known {
  readonly threadId: string;
  readonly subject: string;
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Joins messages to threads as Gmail does: by a shared Message-ID in References or In-Reply-To together with the same subject.
 * With `bySubject`, mail without references joins a thread of the same people and subject of the last week (Workspace Updates,
 * 2019-03-29).
 */
export class Threading {
  bySubject: SubjectThreads = 'join';
  readonly #known = new Map<string, Known>();
  /** The thread of the newest mail, by subject and people. */
  readonly #newest = new Map<string, { readonly threadId: string; readonly at: number }>();

  /** Returns the thread of the mail. Null: it begins one. */
  find(envelope: Envelope): string | null {
    const subject = baseSubject(envelope.subject);
    for (const id of idsOf(envelope)) {
      const known = this.#known.get(id);
      if (known && known.subject === subject) return known.threadId;
    }
    return null;
  }

  /** Returns the thread of the same people and subject that had mail in the week before `at`, or null. */
  findBySubject(envelope: Envelope, at: number): string | null {
    if (this.bySubject === 'apart' || envelope.inReplyTo.length + envelope.references.length > 0) return null;
    const newest = this.#newest.get(subjectAndPeople(envelope) ?? '');
    return newest && Math.abs(at - newest.at) <= WEEK_MS ? newest.threadId : null;
  }

  /** Returns whether a client may add the mail to the thread. Gmail requires headers that agree with the threadId. */
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

  /** Records that a mail of the thread arrived or was sent at this time. */
  learnSubject(envelope: Envelope, threadId: string, at: number): void {
    const key = subjectAndPeople(envelope);
    if (key !== null && at >= (this.#newest.get(key)?.at ?? Number.NEGATIVE_INFINITY))
      this.#newest.set(key, { threadId, at });
  }
}

/** Returns null for mail without a subject. */
function subjectAndPeople({ subject, from, to, cc }: Envelope): string | null {
  const base = baseSubject(subject);
  const people = [...(from ? [from] : []), ...to, ...cc].map(({ address }) => address.toLowerCase());
  return base === '' ? null : [base, ...new Set(people.toSorted())].join('\n');
}

/** Returns the subject without its prefixes of replies and forwards. */
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
