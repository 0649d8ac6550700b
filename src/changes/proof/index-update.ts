import type { MessageState } from '../../providers/contract/snapshot.ts';
import { stateAfter } from '../../providers/contract/snapshot.ts';
import type { LoggedChange, NewChange } from '../change.store.ts';

/** An entry of the change log, with what the provider said about the message beside it. */
export interface IndexedEntry extends Pick<LoggedChange, 'sequence'>, NewChange {}

/** What several entries together make of one message's row. */
export interface MessageUpdate {
  readonly id: string;
  readonly sequence: bigint;
  /** 0: none of the entries reports its arrival. */
  readonly createdSequence: bigint;
  readonly receivedAt: Date | null;
  readonly state: string | null;
  readonly isDeleted: boolean;
}

/** The last entry about anything else. */
export interface SubjectUpdate {
  readonly kind: string;
  readonly subject: string;
  readonly sequence: bigint;
}

const MESSAGE_KINDS: ReadonlySet<string> = new Set(['created', 'updated', 'deleted']);

/** Returns the messages whose former state decides what `updatesOf` makes of the entries. */
export const partlyUpdated = (entries: readonly IndexedEntry[]): string[] => [
  ...new Set(entries.flatMap(({ kind, subject, state }) => (kind === 'updated' && !state ? [subject] : []))),
];

/**
 * Reduces entries, in their order, to one update for each message and subject. `before` has the known states of the messages
 * that `partlyUpdated` names. `isBuilding`: the states in the index may be older or newer than the entries, so that a change
 * of a part of a state leaves it unknown.
 */
export function updatesOf(
  entries: readonly IndexedEntry[],
  before: ReadonlyMap<string, string | null>,
  isBuilding: boolean,
): { readonly messages: MessageUpdate[]; readonly subjects: SubjectUpdate[] } {
  const messages = new Map<string, MessageUpdate>();
  const subjects = new Map<string, SubjectUpdate>();
  for (const entry of entries) {
    const { kind, subject, sequence } = entry;
    if (!MESSAGE_KINDS.has(kind)) {
      subjects.set(`${kind} ${subject}`, { kind, subject, sequence });
      continue;
    }
    const earlier = messages.get(subject);
    const known = earlier ? earlier.state : isBuilding ? null : (before.get(subject) ?? null);
    messages.set(subject, {
      id: subject,
      sequence,
      createdSequence: kind === 'created' ? (entry.repeats ?? sequence) : (earlier?.createdSequence ?? 0n),
      receivedAt: entry.receivedAt ?? earlier?.receivedAt ?? null,
      state: stateOf(entry, known),
      isDeleted: kind === 'deleted',
    });
  }
  return { messages: [...messages.values()], subjects: [...subjects.values()] };
}

function stateOf({ kind, state, detail }: IndexedEntry, before: string | null): string | null {
  if (kind === 'deleted') return null;
  if (state) return state;
  return kind === 'updated' && detail ? stateAfter(before, detail) : null;
}

/** A message as the index has it. */
export interface IndexedMessage {
  readonly id: string;
  readonly state: string | null;
  readonly sequence: bigint;
  /** The entry that reports its arrival. 0: it was there before the index. */
  readonly createdSequence: bigint;
  readonly isDeleted: boolean;
}

/** How the index differs from the provider. `uncertain`: its state was not known, so nobody can say whether it has changed. */
export type Difference = 'created' | 'updated' | 'deleted' | 'uncertain';

/** Compares the row of a message, if there is one, with the message at the provider. Null: there is no such message. */
export function differenceOf(row: IndexedMessage | undefined, message: MessageState | null): Difference | null {
  const isKnown = row !== undefined && !row.isDeleted;
  if (!message) return isKnown ? 'deleted' : null;
  if (!isKnown) return 'created';
  if (row.state === null) return 'uncertain';
  return row.state === message.state ? null : 'updated';
}
