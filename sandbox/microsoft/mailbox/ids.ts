import { hash } from 'node:crypto';

// Ids are derived from their object and not counted, so that the same mail has the same id after a restart.

const digest = (parts: readonly string[], bytes: number) =>
  hash('sha512', parts.join('\0'), 'buffer').subarray(0, bytes).toString('base64url');

/** The id of an item, which a move to another folder changes. */
export const movableId = (account: string, key: string, folderId: string, moves: number) =>
  `AAMkAD${digest(['item', account, key, folderId, String(moves)], 60)}AAA=`;

/** The id of an item under Prefer: IdType="ImmutableId". */
export const immutableId = (account: string, key: string) =>
  `AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A${digest(['immutable', account, key], 63)}AAA=`;

export const folderId = (account: string, path: string) => `AQMkAD${digest(['folder', account, path], 48)}AAA=`;

export const conversationId = (account: string, root: string, topic: string) =>
  `AAQkAD${digest(['conversation', account, root, topic], 48)}AAA=`;

export const attachmentId = (itemImmutableId: string, number: number) =>
  `AAMkAD${digest(['attachment', itemImmutableId, String(number)], 66)}AAA=`;

/** The version of an item, which Graph returns as changeKey and inside its ETag. */
export const changeKey = (itemImmutableId: string, version: number) =>
  `CQAAABYAAA${hash('sha1', `${itemImmutableId}\0${version}`, 'buffer').subarray(0, 18).toString('base64url')}AAA`;

/** Returns whether a string has the form of an id. Exchange answers a malformed id and an unknown one with different errors. */
export const isWellFormed = (id: string) => /^A(?:AMkAD|AkALg|QMkAD|AQkAD)[\w-]{20,}=*$/.test(id);

/** Returns a GUID that is always the same for the same parts. */
export function guid(...parts: string[]): string {
  const hex = hash('sha1', parts.join('\0'), 'hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}
