import { z } from 'zod';
import { domains, needs, url } from '../../platform/setting.ts';

const fields = z.object({
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  GOOGLE_OAUTH_URL: url.optional(),
  GOOGLE_API_URL: url.optional(),
  /** projects/PROJECT/topics/TOPIC. Without it, Gmail accounts are polled. */
  GOOGLE_PUBSUB_TOPIC: z
    .string()
    .regex(/^projects\/[^/\s]+\/topics\/[^/\s]+$/, 'must be projects/PROJECT/topics/TOPIC')
    .optional(),
  /** The address of the service account that signs Pub/Sub's notifications. */
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
/** The topic needs the service account, because notifications could not be verified without it. */
export const settings = needs(paired, 'GOOGLE_PUBSUB_TOPIC', 'GOOGLE_PUBSUB_SERVICE_ACCOUNT');

export interface GmailOptions {
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  /** Null: Google's own hosts. */
  readonly oauthUrl: string | null;
  readonly apiUrl: string | null;
  readonly pubsubTopic: string | null;
  readonly pubsubServiceAccount: string | null;
  readonly domains: readonly string[];
}

export const optionsOf = (values: z.output<typeof settings>): GmailOptions => ({
  clientId: values.GOOGLE_CLIENT_ID ?? null,
  clientSecret: values.GOOGLE_CLIENT_SECRET ?? null,
  oauthUrl: values.GOOGLE_OAUTH_URL ?? null,
  apiUrl: values.GOOGLE_API_URL ?? null,
  pubsubTopic: values.GOOGLE_PUBSUB_TOPIC ?? null,
  pubsubServiceAccount: values.GOOGLE_PUBSUB_SERVICE_ACCOUNT ?? null,
  domains: values.GOOGLE_DOMAINS,
});
