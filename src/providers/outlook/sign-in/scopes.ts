import type { Access } from '../../contract/connect.ts';

/** Beside the mail itself: the account's own name, and the categories, whose colours are mailbox settings. */
const READ = ['User.Read', 'Mail.Read', 'MailboxSettings.Read'] as const;
const WRITE = ['User.Read', 'Mail.ReadWrite', 'Mail.Send', 'MailboxSettings.ReadWrite'] as const;

/** Without these the account is of no use; the others only take something away. */
const NEEDED = {
  READ: ['Mail.Read'],
  WRITE: ['Mail.ReadWrite', 'Mail.Send'],
  FULL: ['Mail.ReadWrite', 'Mail.Send'],
} as const;

/** Permanent deletion needs no other scope than writing at Microsoft. */
export const scopesFor = (access: Access): readonly string[] => [
  'offline_access',
  ...(access === 'READ' ? READ : WRITE),
];

/** The first scope that is needed and was not granted; null when all were. */
export function missingScope(access: Access, granted: readonly string[]): string | null {
  const names = new Set(granted.map((scope) => plainScope(scope).toLowerCase()));
  const has = (scope: string) =>
    names.has(scope.toLowerCase()) || (scope === 'Mail.Read' && names.has('mail.readwrite'));
  return NEEDED[access].find((scope) => !has(scope)) ?? null;
}

/** Microsoft gives some back with the resource before them: https://graph.microsoft.com/Mail.Read. */
export const plainScope = (scope: string): string => scope.replace(/^https?:\/\/[^/]+\//, '');
