import type { HeaderSpelling, HistoryLabels, PageTokens, SubjectThreads } from '../world.ts';

/** The settings of the emulated Google Cloud project. */
export interface GoogleOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The address in the OIDC token that Pub/Sub's push subscription signs its deliveries with. */
  readonly pushServiceAccount: string;
  /** Returns the URL that the push subscription delivers to. */
  readonly pushEndpoint: () => string;
  /** The one topic that exists in the project. Default: projects/postern-sandbox/topics/mail. */
  readonly topic?: string;
  /** How headers are listed in accounts without a setting of their own. Default: 'written'. */
  readonly headers?: HeaderSpelling;
  /** How many parts of a batch are answered in accounts without a setting of their own. Default: 50. */
  readonly batchWidth?: number;
  /** Whether the subject alone joins threads in accounts without a setting of their own. Default: 'join'. */
  readonly subjectThreads?: SubjectThreads;
  /** Whether an unchanged page has the same token again; Gmail does not say. Default: 'stable'. */
  readonly pageTokens?: PageTokens;
  /** Which labels the messages of a history have; Gmail does not say. Default: 'then'. */
  readonly historyLabels?: HistoryLabels;
  /** Accepts sent mail for addresses without an account here. Bcc has been removed from `raw`. Absent: such mail is dropped. */
  readonly deliverElsewhere?: (raw: Buffer, recipients: readonly string[]) => void;
}

/** Google advises against wider batches; 25 is what was measured in the field (amd/gaia#2720). */
export const DEFAULT_BATCH_WIDTH = 50;
export const DEFAULT_TOPIC = 'projects/postern-sandbox/topics/mail';
