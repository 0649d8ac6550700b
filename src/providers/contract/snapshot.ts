import type { Message } from '../../domain/message.ts';
import { shortHash } from '../../platform/short-hash.ts';
import type { ChangeDetail } from './change-detail.ts';
import type { Cursor } from './list.ts';

/** What the gateway keeps of a message to prove that it missed no change: no content, only where it is and its flags. */
export interface MessageState {
  readonly id: string;
  /** Null where the provider's list does not say it. */
  readonly receivedAt: Date | null;
  /** The `stateDigest` of its flags and mailboxes. */
  readonly state: string;
}

/** A part of all messages of an account, each of them complete. */
export interface SnapshotPage {
  readonly messages: readonly MessageState[];
  /** Null at the end. It stays valid across restarts of the gateway for as long as the provider allows. */
  readonly next: Cursor | null;
}

type Stated = Pick<Message, 'isRead' | 'isStarred' | 'isImportant' | 'isDraft' | 'mailboxIds'>;

const FLAGS = ['isRead', 'isStarred', 'isImportant', 'isDraft'] as const;
const MAILBOXES_LENGTH = 7;

/**
 * A digest of the flags and mailboxes of a message, equal for equal ones whatever their order. Its first character has the
 * flags and the others stand for the mailboxes, so that a change of flags alone gives the next digest (`stateAfter`).
 */
export function stateDigest(message: Stated): string {
  const flags = FLAGS.reduce((bits, flag, n) => (message[flag] ? bits | (1 << n) : bits), 0);
  return flags.toString(16) + mailboxesDigest(message.mailboxIds);
}

const mailboxesDigest = (ids: readonly string[]): string =>
  shortHash(JSON.stringify([...new Set(ids)].sort()), MAILBOXES_LENGTH);

/** The digest after a change. Null where the change does not say enough. `before` is null where it is not known. */
export function stateAfter(before: string | null, detail: ChangeDetail): string | null {
  const { mailboxIds, mailboxIdsAdded = [], mailboxIdsRemoved = [] } = detail;
  const isPartial = mailboxIds === undefined || FLAGS.some((flag) => detail[flag] === undefined);
  if (before === null && isPartial) return null;
  if (mailboxIds === undefined && mailboxIdsAdded.length + mailboxIdsRemoved.length > 0) return null;
  let flags = Number.parseInt(before?.[0] ?? '0', 16);
  for (const [n, flag] of FLAGS.entries()) {
    const value = detail[flag];
    if (value !== undefined) flags = value ? flags | (1 << n) : flags & ~(1 << n);
  }
  return flags.toString(16) + (mailboxIds === undefined ? (before ?? '').slice(1) : mailboxesDigest(mailboxIds));
}
