import type { Message } from '../../domain/message.ts';

/**
 * The maximum number of ids in References. Long threads omit ids in the middle, and keep the first and the last (like RFC
 * 5537 3.4.4).
 */
const MAX_REFERENCES = 50;
const MAX_ID_LENGTH = 250;

export interface Threading {
  /** Message-IDs without angle brackets, oldest first. */
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
}

/** The headers by which mail programs show a reply below `parent` (RFC 5322 3.6.4). `parent` has its content. */
export function threadingBelow(parent: Message): Threading {
  const { references = [], inReplyTo = [] } = parent.content ?? {};
  const own = parent.internetMessageId === null ? [] : usable([parent.internetMessageId]);
  // Without References, a single In-Reply-To of the parent takes its place.
  const above = references.length > 0 ? references : inReplyTo.length === 1 ? inReplyTo : [];
  const all = [...new Set(usable([...above, ...own]).reverse())].reverse();
  return {
    inReplyTo: own,
    references: all.length > MAX_REFERENCES ? [...all.slice(0, 1), ...all.slice(1 - MAX_REFERENCES)] : all,
  };
}

/** Headers in received mail can contain anything, but our headers contain only ids of visible ASCII characters. */
const usable = (ids: readonly string[]): string[] =>
  ids.filter((id) => id.length <= MAX_ID_LENGTH && /^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(id));

/**
 * Subjects of replies and forwarded messages. A prefix is removed only if every provider ignores it when it compares
 * subjects: Gmail puts a reply with another subject into a new thread, and it is not known which prefixes of other
 * languages (回复:, AW:, Re[2]:) it ignores. "Re: " in front of such a prefix is right in both cases.
 */
const leading = (words: string): RegExp => new RegExp(`^(?:\\s*(?:${words})\\s*:)+`, 'i');
const ANSWERS = leading('re');
const FORWARDS = leading('fwd?');

/** The subject with "Re: " once. */
export const replySubject = (subject: string): string => `Re: ${subject.replace(ANSWERS, '').trim()}`.trim();

/** The subject with "Fwd: " once. */
export const forwardSubject = (subject: string): string => `Fwd: ${subject.replace(FORWARDS, '').trim()}`.trim();
