import type { ErrorCode } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';

/** CONSENT: the provider has not sent the browser back. FINISH: it has, and who began has to say so. The others are ends. */
export type ConnectFlowStatus = 'CONSENT' | 'FINISH' | 'CONNECTED' | 'FAILED' | 'EXPIRED';

/** RFC 6749 4.1.2 gives a provider's code ten minutes at most; the whole flow has no more. */
export const FLOW_LIFETIME_MS = 10 * 60_000;
export const MAX_WRONG_CODES = 5;

/** A connect flow as it is kept. */
export interface ConnectFlowRecord {
  readonly id: string;
  readonly userId: string;
  readonly provider: string;
  readonly access: Access;
  /** What `connect` was given to fill the sign-in page with. */
  readonly address: string | null;
  readonly redirectUri: string | null;
  readonly status: ConnectFlowStatus;
  /** Sealed; null when the flow has ended. */
  readonly codeVerifier: Uint8Array | null;
  /** Sealed; null unless the status is FINISH. */
  readonly consent: Uint8Array | null;
  /** Of a flow that is CONNECTED. */
  readonly integrationId: string | null;
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export const isUnderWay = ({ status, expiresAt }: ConnectFlowRecord, now: Date): boolean =>
  (status === 'CONSENT' || status === 'FINISH') && now < expiresAt;
