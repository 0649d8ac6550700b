import type { ErrorCode } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';

/** The status of an integration. */
export type IntegrationStatus = 'CONNECTED' | 'RECONNECT_REQUIRED' | 'DISCONNECTED' | 'ERROR';

/** One connected mail account of one user at one provider, without its secret. */
export interface IntegrationRecord {
  readonly id: string;
  readonly userId: string;
  /** A Provider.id. */
  readonly provider: string;
  /** In the provider's spelling. */
  readonly address: string;
  readonly status: IntegrationStatus;
  readonly access: Access;
  /** The granted scopes, by the provider's names. */
  readonly scopes: readonly string[];
  /** Why the status is not CONNECTED, in words that an end user can act on. */
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
  readonly connectedAt: Date | null;
  /** The value when the record was read. ChangeStore.position has the present one. */
  readonly lastEventAt: Date | null;
  readonly lastReconciledAt: Date | null;
}
