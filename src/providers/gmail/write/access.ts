import { MailError } from '../../../domain/error.ts';
import type { Grant } from '../../contract/provider.ts';

/** Null when the account may be written to. */
export function writeRefusal(grant: Grant): MailError | null {
  if (grant.access !== 'READ') return null;
  return new MailError(
    'FORBIDDEN',
    'This account was connected with access READ; changing or sending mail needs WRITE. Connect it again with access WRITE.',
  );
}

/** Null when messages may be deleted for ever. */
export function deleteRefusal(grant: Grant): MailError | null {
  if (grant.access === 'FULL') return null;
  return new MailError(
    'FORBIDDEN',
    `This account was connected with access ${grant.access}; deleting for ever needs FULL. Connect it again with access FULL, or move the mail to the trash.`,
  );
}

export function requireWrite(grant: Grant): void {
  const refusal = writeRefusal(grant);
  if (refusal) throw refusal;
}
