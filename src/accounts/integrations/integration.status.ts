import { MailError, type MailErrorCode } from '../../domain/error.ts';
import type { IntegrationRecord, IntegrationStatus } from './integration.ts';

/** Whether its provider may be asked: when its grant is good, and in an ERROR, whose end shows only so. */
export const isAskable = ({ status }: IntegrationRecord): boolean => status === 'CONNECTED' || status === 'ERROR';

/** The integration when its provider may be asked. Throws NOT_FOUND, or what its problem says. */
export function requireAskable(record: IntegrationRecord | null): IntegrationRecord {
  if (!record) throw new MailError('NOT_FOUND', 'There is no such integration.');
  if (isAskable(record)) return record;
  throw new MailError(
    record.problem?.code ?? 'RECONNECT_REQUIRED',
    record.problem?.message ?? `Connect ${record.address} again.`,
  );
}

/** What an integration rests in after an error that ends its use. */
export const statusAfter = (code: MailErrorCode): IntegrationStatus =>
  code === 'RECONNECT_REQUIRED' ? 'RECONNECT_REQUIRED' : 'ERROR';
