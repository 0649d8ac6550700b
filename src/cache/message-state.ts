import type { Message } from '../domain/message.ts';
import type { ChangeDetail } from '../providers/contract/change-detail.ts';
import { retainedChars, retaining } from '../providers/contract/retained.ts';

/** The properties of a message that can change after it was received. The content of a draft can change too. */
const FLAGS = ['isRead', 'isStarred', 'isImportant', 'isDraft'] as const;
export type Flag = (typeof FLAGS)[number];
export type MessageState = Pick<Message, Flag | 'mailboxIds'>;

/** What an update of a message may have changed. `mailboxIds` is null where any mailbox may have been left or entered. */
export interface Touched {
  readonly flags: ReadonlySet<Flag>;
  readonly mailboxIds: ReadonlySet<string> | null;
}

/** An update of which nothing is known. */
export const EVERYTHING_TOUCHED: Touched = { flags: new Set(FLAGS), mailboxIds: null };

/** The difference between two states of one message. */
export function difference(before: MessageState, after: MessageState): Touched {
  return {
    flags: new Set(FLAGS.filter((flag) => before[flag] !== after[flag])),
    mailboxIds: new Set([
      ...without(before.mailboxIds, after.mailboxIds),
      ...without(after.mailboxIds, before.mailboxIds),
    ]),
  };
}

export const isNothing = ({ flags, mailboxIds }: Touched): boolean => flags.size === 0 && mailboxIds?.size === 0;

/** What a detail of the change log says at most, where the state before it is not known. */
export function touchedBy(detail: ChangeDetail | null): Touched {
  if (detail === null) return EVERYTHING_TOUCHED;
  return {
    flags: new Set(FLAGS.filter((flag) => detail[flag] !== undefined)),
    mailboxIds: detail.mailboxIds
      ? null
      : new Set([...(detail.mailboxIdsAdded ?? []), ...(detail.mailboxIdsRemoved ?? [])]),
  };
}

/** The state after a change that was logged with this detail. */
export function stateAfter(before: MessageState, detail: ChangeDetail): MessageState {
  const left = new Set(detail.mailboxIdsRemoved);
  const {
    mailboxIds = [...new Set([...before.mailboxIds, ...(detail.mailboxIdsAdded ?? [])])].filter((id) => !left.has(id)),
  } = detail;
  const flags = Object.fromEntries(FLAGS.map((flag) => [flag, detail[flag] ?? before[flag]])) as Record<Flag, boolean>;
  return { ...flags, mailboxIds };
}

/** The same message in another state. Properties that are computed when they are first read stay so. */
export function inState(
  message: Message,
  { mailboxIds, isRead, isStarred, isImportant, isDraft }: MessageState,
): Message {
  const state = { mailboxIds, isRead, isStarred, isImportant, isDraft };
  const copy = Object.defineProperties({} as Message, {
    ...Object.getOwnPropertyDescriptors(message),
    ...Object.getOwnPropertyDescriptors(state),
  });
  return retaining(copy, retainedChars(message));
}

const without = (some: readonly string[], others: readonly string[]): readonly string[] =>
  some.filter((one) => !others.includes(one));
