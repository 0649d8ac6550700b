import { MailError } from '../../domain/error.ts';
import type { Access } from '../contract/connect.ts';

/**
 * The access that an account's owner agreed to: READ changes nothing, WRITE allows everything that can be undone, and
 * FULL allows everything.
 */

/** Returns null when mail may be changed and sent. */
export const writeRefusal = (access: Access): MailError | null =>
  access === 'READ'
    ? new MailError(
        'FORBIDDEN',
        'This account was connected with access READ; changing or sending mail needs WRITE. Connect it again with access WRITE.',
      )
    : null;

/** Throws FORBIDDEN unless mail may be changed and sent. */
export function requireWrite(access: Access): void {
  const refusal = writeRefusal(access);
  if (refusal) throw refusal;
}

/**
 * Returns null when messages may be deleted permanently. Not every vendor has a scope for that, so the access is
 * decisive.
 */
export const deleteRefusal = (access: Access): MailError | null =>
  access === 'FULL'
    ? null
    : new MailError(
        'FORBIDDEN',
        `This account was connected with access ${access}; deleting permanently needs FULL. Connect it again with access FULL, or move the mail to the trash.`,
      );
