import { describe, expect, it } from 'vitest';
import { differenceOf, partlyUpdated, updatesOf } from '../../src/changes/proof/index-update.ts';
import { stateAfter, stateDigest } from '../../src/providers/contract/snapshot.ts';

const message = { isRead: false, isStarred: false, isImportant: true, isDraft: false, mailboxIds: ['b', 'a'] };
const state = stateDigest(message);

describe('the state of a message', () => {
  it('is equal for equal flags and mailboxes, whatever their order, and for no others', () => {
    expect(stateDigest({ ...message, mailboxIds: ['a', 'b', 'a'] })).toBe(state);
    expect(state).toHaveLength(8);
    const others = [
      { isRead: true },
      { isStarred: true },
      { isImportant: false },
      { isDraft: true },
      { mailboxIds: ['a'] },
      { mailboxIds: ['ab'] },
    ];
    const digests = others.map((other) => stateDigest({ ...message, ...other }));
    expect(new Set([state, ...digests]).size).toBe(others.length + 1);
  });

  it('follows from the one before and what changed, where that says enough', () => {
    expect(stateAfter(state, { isRead: true })).toBe(stateDigest({ ...message, isRead: true }));
    expect(stateAfter(state, { isImportant: false, mailboxIds: ['c'] })).toBe(
      stateDigest({ ...message, isImportant: false, mailboxIds: ['c'] }),
    );
    const { mailboxIds, ...flags } = message;
    expect(stateAfter(null, { ...flags, mailboxIds })).toBe(state);
    expect(stateAfter(state, { mailboxIdsAdded: [], mailboxIdsRemoved: [] })).toBe(state);
    for (const unknown of [{ mailboxIdsAdded: ['c'] }, { mailboxIdsRemoved: ['a'] }])
      expect(stateAfter(state, unknown)).toBeNull();
    expect(stateAfter(null, { isRead: true })).toBeNull();
  });
});

describe('the index after entries of the log', () => {
  const updated = (sequence: bigint, subject: string, detail?: { isRead: boolean }) =>
    ({ kind: 'updated', sequence, subject, ...(detail && { detail }) }) as const;

  it('has the last of several entries about a message, and when it arrived', () => {
    const entries = [
      { kind: 'created', sequence: 4n, subject: 'm', state } as const,
      { kind: 'mailbox', sequence: 5n, subject: 'm' } as const,
      updated(6n, 'm', { isRead: true }),
    ];
    expect(partlyUpdated(entries)).toEqual(['m']);
    const { messages, subjects } = updatesOf(entries, new Map(), false);
    const read = stateDigest({ ...message, isRead: true });
    expect(messages).toEqual([
      { id: 'm', sequence: 6n, createdSequence: 4n, receivedAt: null, state: read, isDeleted: false },
    ]);
    expect(subjects).toEqual([{ kind: 'mailbox', subject: 'm', sequence: 5n }]);
  });

  it('knows no state that only follows from a page of the first snapshot', () => {
    const before = new Map([['m', state]]);
    const updatedWhen = (isBuilding: boolean) =>
      updatesOf([updated(1n, 'm', { isRead: true })], before, isBuilding).messages[0];
    expect(updatedWhen(false)?.state).toBe(stateDigest({ ...message, isRead: true }));
    expect(updatedWhen(true)?.state).toBeNull();
  });

  it('differs from the provider in what there is and in its state', () => {
    const row = { id: 'm', state, sequence: 1n, createdSequence: 0n, isDeleted: false };
    const there = { id: 'm', receivedAt: null, state };
    expect(differenceOf(row, there)).toBeNull();
    expect(differenceOf(row, null)).toBe('deleted');
    expect(differenceOf({ ...row, isDeleted: true }, null)).toBeNull();
    expect(differenceOf(undefined, there)).toBe('created');
    expect(differenceOf({ ...row, isDeleted: true }, there)).toBe('created');
    expect(differenceOf({ ...row, state: null }, there)).toBe('uncertain');
    expect(differenceOf(row, { ...there, state: '0abcdefg' })).toBe('updated');
  });
});
