import type { ErrorCode } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';

/** A status that an integration can rest in. */
export type IntegrationStatus = 'CONNECTED' | 'RECONNECT_REQUIRED' | 'DISCONNECTED' | 'ERROR';

/** One connected mail account of one user at one provider, without its secret. */
export interface IntegrationRecord {
  readonly id: string;
  readonly userId: string;
  /** A Provider.id. */
  readonly provider: string;
  /** As the provider writes it. */
  readonly address: string;
  readonly status: IntegrationStatus;
  readonly access: Access;
  /** What the provider granted, in its own words. */
  readonly scopes: readonly string[];
  /** Why, when the status is not CONNECTED, in words an end user can act on. */
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
  readonly connectedAt: Date | null;
  /** As of when the record was read: ChangeStore.position has the present value. */
  readonly lastEventAt: Date | null;
  readonly lastReconciledAt: Date | null;
}
