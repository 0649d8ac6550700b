import { MailError } from '../../../domain/error.ts';
import type { Access } from '../../contract/connect.ts';

/** The refusal of a change to an account that was connected for reading; null when changes are allowed. */
export const writeRefused = (access: Access): MailError | null =>
  access === 'READ'
    ? new MailError(
        'FORBIDDEN',
        'This account is connected with READ access. Connect it again with WRITE access to change or send mail.',
      )
    : null;

export function demandWrite(access: Access): void {
  const refusal = writeRefused(access);
  if (refusal) throw refusal;
}

/** The refusal of deleting for ever; null when that is allowed. Microsoft has no scope for it: the grant here decides. */
export const purgeRefused = (access: Access): MailError | null =>
  access === 'FULL'
    ? null
    : new MailError(
        'FORBIDDEN',
        `This account is connected with ${access} access. Connect it again with FULL access to delete mail for ever.`,
      );
