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
