import { hash } from 'node:crypto';

// Ids are derived, not counted: the same mail has the same id after a restart.

const digest = (parts: readonly string[], bytes: number) =>
  hash('sha512', parts.join('\0'), 'buffer').subarray(0, bytes).toString('base64url');

/** The id an item has as long as it stays in its folder; a move gives it another. */
export const movableId = (account: string, key: string, folderId: string, moves: number) =>
  `AAMkAD${digest(['item', account, key, folderId, String(moves)], 60)}AAA=`;

/** The id of Prefer: IdType="ImmutableId". */
export const immutableId = (account: string, key: string) =>
  `AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A${digest(['immutable', account, key], 63)}AAA=`;

export const folderId = (account: string, path: string) => `AQMkAD${digest(['folder', account, path], 48)}AAA=`;

export const conversationId = (account: string, root: string, topic: string) =>
  `AAQkAD${digest(['conversation', account, root, topic], 48)}AAA=`;

export const attachmentId = (itemImmutableId: string, number: number) =>
  `AAMkAD${digest(['attachment', itemImmutableId, String(number)], 66)}AAA=`;

/** The version of an item, as changeKey and inside its ETag. */
export const changeKey = (itemImmutableId: string, version: number) =>
  `CQAAABYAAA${hash('sha1', `${itemImmutableId}\0${version}`, 'buffer').subarray(0, 18).toString('base64url')}AAA`;

/** Whether a string could be an id at all; Exchange tells a malformed id from an unknown one. */
export const isWellFormed = (id: string) => /^A(?:AMkAD|AkALg|QMkAD|AQkAD)[\w-]{20,}=*$/.test(id);

/** A GUID that is always the same for the same words. */
export function guid(...parts: string[]): string {
  const hex = hash('sha1', parts.join('\0'), 'hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}
