import { MailError, type MailErrorCode, noSuchIntegration } from '../../domain/error.ts';
import type { IntegrationRecord, IntegrationStatus } from './integration.ts';

/** True when requests for the account are allowed: with a valid grant, and after an ERROR, whose end only a request can show. */
export const isAskable = ({ status }: IntegrationRecord): boolean => status === 'CONNECTED' || status === 'ERROR';

/** Returns the integration when requests for it are allowed. Throws NOT_FOUND, or the problem of the integration. */
export function requireAskable(record: IntegrationRecord | null): IntegrationRecord {
  if (!record) throw noSuchIntegration();
  if (isAskable(record)) return record;
  throw new MailError(
    record.problem?.code ?? 'RECONNECT_REQUIRED',
    record.problem?.message ?? `Connect ${record.address} again.`,
  );
}

/** Returns the status of an integration after an error of the whole account. */
export const statusAfter = (code: MailErrorCode): IntegrationStatus =>
  code === 'RECONNECT_REQUIRED' ? 'RECONNECT_REQUIRED' : 'ERROR';
