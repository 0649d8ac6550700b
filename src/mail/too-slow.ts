import { MailError } from '../domain/error.ts';

export const tooSlow = (address: string, ms: number): MailError =>
  new MailError(
    'TIMEOUT',
    `${address} did not answer within ${ms / 1000} s. The other accounts are not affected; try again.`,
  );
