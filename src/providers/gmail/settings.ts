import { z } from 'zod';
import { domains, needs, url } from '../../platform/setting.ts';

const fields = z.object({
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  GOOGLE_OAUTH_URL: url.optional(),
  GOOGLE_API_URL: url.optional(),
  /** projects/PROJECT/topics/TOPIC; without it Gmail accounts are polled. */
  GOOGLE_PUBSUB_TOPIC: z
    .string()
    .regex(/^projects\/[^/\s]+\/topics\/[^/\s]+$/, 'must be projects/PROJECT/topics/TOPIC')
    .optional(),
  /** The email of the service account that signs Pub/Sub's pushes. */
  GOOGLE_PUBSUB_SERVICE_ACCOUNT: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be the address of a service account, as push@PROJECT.iam.gserviceaccount.com')
    .optional(),
  GOOGLE_DOMAINS: domains.default([]),
});
const paired = needs(
  needs(fields, 'GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'),
  'GOOGLE_CLIENT_SECRET',
  'GOOGLE_CLIENT_ID',
);
/** Without the account no push could be proven. */
export const settings = needs(paired, 'GOOGLE_PUBSUB_TOPIC', 'GOOGLE_PUBSUB_SERVICE_ACCOUNT');

export interface GmailOptions {
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  /** Null: the vendor's own hosts. */
  readonly oauthUrl: string | null;
  readonly apiUrl: string | null;
  readonly pubsubTopic: string | null;
  readonly pubsubServiceAccount: string | null;
  readonly domains: readonly string[];
}

export const optionsOf = (given: z.output<typeof settings>): GmailOptions => ({
  clientId: given.GOOGLE_CLIENT_ID ?? null,
  clientSecret: given.GOOGLE_CLIENT_SECRET ?? null,
  oauthUrl: given.GOOGLE_OAUTH_URL ?? null,
  apiUrl: given.GOOGLE_API_URL ?? null,
  pubsubTopic: given.GOOGLE_PUBSUB_TOPIC ?? null,
  pubsubServiceAccount: given.GOOGLE_PUBSUB_SERVICE_ACCOUNT ?? null,
  domains: given.GOOGLE_DOMAINS,
});
