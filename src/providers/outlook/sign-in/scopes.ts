import type { Access } from '../../contract/connect.ts';

/**
 * Besides mail, the scopes cover the account's name, and the categories, whose colours belong to the mailbox settings.
 */
const READ = ['User.Read', 'Mail.Read', 'MailboxSettings.Read'] as const;
const WRITE = ['User.Read', 'Mail.ReadWrite', 'Mail.Send', 'MailboxSettings.ReadWrite'] as const;

/** The scopes without which the account is of no use. Without one of the others only a feature is missing. */
const NEEDED = {
  READ: ['Mail.Read'],
  WRITE: ['Mail.ReadWrite', 'Mail.Send'],
  FULL: ['Mail.ReadWrite', 'Mail.Send'],
} as const;

/** At Microsoft, permanent deletion needs no scope beyond those for writing. */
export const scopesFor = (access: Access): readonly string[] => [
  'offline_access',
  ...(access === 'READ' ? READ : WRITE),
];

/** Returns the first needed scope that was not granted, or null when all were. */
export function missingScope(access: Access, granted: readonly string[]): string | null {
  const names = new Set(granted.map((scope) => plainScope(scope).toLowerCase()));
  const has = (scope: string) =>
    names.has(scope.toLowerCase()) || (scope === 'Mail.Read' && names.has('mail.readwrite'));
  return NEEDED[access].find((scope) => !has(scope)) ?? null;
}

/** Removes the resource that Microsoft puts before some scopes: https://graph.microsoft.com/Mail.Read. */
export const plainScope = (scope: string): string => scope.replace(/^https?:\/\/[^/]+\//, '');
