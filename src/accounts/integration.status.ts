import { MailError } from '../domain/error.ts';
import type { IntegrationRecord } from './integration.ts';

/** The integration when its grant is good. Throws NOT_FOUND, or what its problem says. */
export function requireConnected(record: IntegrationRecord | null): IntegrationRecord {
  if (!record) throw new MailError('NOT_FOUND', 'There is no such integration.');
  if (record.status === 'CONNECTED') return record;
  throw new MailError(
    record.problem?.code ?? 'RECONNECT_REQUIRED',
    record.problem?.message ?? `Connect ${record.address} again.`,
  );
}
