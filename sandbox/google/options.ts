import type { Spelling } from './format.ts';

/** How the emulated Google Cloud project is set up. */
export interface GoogleOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The address in the OIDC token that Pub/Sub's push subscription signs its deliveries with. */
  readonly pushServiceAccount: string;
  /** Where the push subscription delivers to. */
  readonly pushEndpoint: () => string;
  /** The one topic that exists in the project. Default: projects/postern-sandbox/topics/mail. */
  readonly topic?: string;
  /** How headers are listed, in accounts that are not told otherwise. Default: written. */
  readonly headers?: Spelling;
  /** Told of sent mail for addresses that take none here; absent: it goes nowhere. Bcc is gone from `raw`. */
  readonly deliverElsewhere?: (raw: Buffer, recipients: readonly string[]) => void;
}

export const DEFAULT_TOPIC = 'projects/postern-sandbox/topics/mail';
