import { type ErrorCode, MailError } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';

/**
 * CONSENT: nobody has consented at the provider yet. FINISH: somebody has, and the user who began the flow has to prove that
 * it was their own consent. The other statuses are final.
 */
export type ConnectFlowStatus = 'CONSENT' | 'FINISH' | 'CONNECTED' | 'FAILED' | 'EXPIRED';

/** The lifetime of a flow. RFC 6749 4.1.2 recommends that an authorization code lives no longer than this. */
export const FLOW_LIFETIME_MS = 10 * 60_000;
export const MAX_WRONG_CODES = 5;
/** The method of the flows that were stored without one, by a release that had no other method with a flow. */
export const DEFAULT_FLOW_METHOD = 'AUTHORIZATION_CODE';

/** A connect flow as it is stored. */
export interface ConnectFlowRecord {
  readonly id: string;
  readonly userId: string;
  readonly provider: string;
  /** A ConnectMethodEntry.method. */
  readonly method: string;
  readonly access: Access;
  /** The address that `connect` received, with which the sign-in page is filled in. */
  readonly address: string | null;
  readonly redirectUri: string | null;
  readonly status: ConnectFlowStatus;
  /** The PKCE verifier, sealed. Null for a method without one, and after the end of the flow. */
  readonly codeVerifier: Uint8Array | null;
  /** What the method stores until the end of the flow, sealed by the method. */
  readonly consent: Uint8Array | null;
  /** True from a claim until it is given up or the flow ends, also when the time of the claim has run out. */
  readonly isClaimed: boolean;
  /** The connected account of a flow that is CONNECTED. */
  readonly integrationId: string | null;
  readonly problem: FlowProblem | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Why a flow failed. */
export interface FlowProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

export type FlowKey = Pick<ConnectFlowRecord, 'id' | 'userId'>;

export const isInProgress = ({ status, expiresAt }: ConnectFlowRecord, now: Date): boolean =>
  (status === 'CONSENT' || status === 'FINISH') && now < expiresAt;

/** The associated data of what a flow seals, so that it opens for no other user and in no other row. */
export const sealContext = ({ userId, id }: FlowKey): string => `${userId}/${id}`;

/** The errors after which another try with the same consent cannot succeed. After any other error the flow goes on. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'INVALID',
  'BAD_USER_INPUT',
  'CONSENT_REQUIRED',
  'FORBIDDEN',
  'UNSUPPORTED',
  // The provider refuses a token that it has just issued.
  'RECONNECT_REQUIRED',
]);
export const endsFlow = (code: ErrorCode): boolean => FINAL_CODES.has(code);

/** The same error for a token that does not exist, that belongs to another user, and that has expired. */
export const unknownToken = (): MailError =>
  new MailError(
    'NOT_FOUND',
    'This token or code belongs to no connection that you have started: it is mistyped, has expired, or belongs to another user. Try again, or connect the account again.',
    { field: ['input', 'token'] },
  );
