import type { Message } from '../../domain/message.ts';

/** In one header: long threads lose their middle, never the first nor the last (RFC 5537 3.4.4 does the same). */
const MAX_REFERENCES = 50;
const MAX_ID_LENGTH = 250;

export interface Threading {
  /** Message-IDs without angle brackets, oldest first. */
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
}

/** The headers that hang an answer below `parent` in every mail program (RFC 5322 3.6.4). `parent` has its content. */
export function threadingBelow(parent: Message): Threading {
  const { references = [], inReplyTo = [] } = parent.content ?? {};
  const own = parent.internetMessageId === null ? [] : usable([parent.internetMessageId]);
  // A parent that only says what it answers: that stands for its references, when there is one alone.
  const above = references.length > 0 ? references : inReplyTo.length === 1 ? inReplyTo : [];
  const all = [...new Set(usable([...above, ...own]).reverse())].reverse();
  return {
    inReplyTo: own,
    references: all.length > MAX_REFERENCES ? [...all.slice(0, 1), ...all.slice(1 - MAX_REFERENCES)] : all,
  };
}

/** Real headers hold anything; what goes into ours is one visible word each. */
const usable = (ids: readonly string[]): string[] =>
  ids.filter((id) => id.length <= MAX_ID_LENGTH && /^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(id));

/**
 * Subjects of answers and of what is passed on. A prefix is taken off only where every provider equates it with the bare
 * subject: Gmail puts an answer whose subject is another into a conversation of its own, and which words of other languages
 * (回复:, AW:, Re[2]:) it looks through is not known. Put in front of those, "Re: " is right either way.
 */
const leading = (words: string): RegExp => new RegExp(`^(?:\\s*(?:${words})\\s*:)+`, 'i');
const ANSWERS = leading('re');
const FORWARDS = leading('fwd?');

/** "Re: " once. */
export const replySubject = (subject: string): string => `Re: ${subject.replace(ANSWERS, '').trim()}`.trim();

/** "Fwd: " once. */
export const forwardSubject = (subject: string): string => `Fwd: ${subject.replace(FORWARDS, '').trim()}`.trim();
