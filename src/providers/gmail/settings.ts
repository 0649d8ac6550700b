import { z } from 'zod';
import { bothOrNeither, list, url } from '../../setting.ts';

export const settings = z
  .object({
    GOOGLE_CLIENT_ID: z.string().optional(),
    GOOGLE_CLIENT_SECRET: z.string().optional(),
    GOOGLE_OAUTH_URL: url.optional(),
    GOOGLE_API_URL: url.optional(),
    /** projects/PROJECT/topics/TOPIC; without it Gmail accounts are polled. */
    GOOGLE_PUBSUB_TOPIC: z.string().optional(),
    /** The email of the service account that signs Pub/Sub's pushes. */
    GOOGLE_PUBSUB_SERVICE_ACCOUNT: z.string().optional(),
    GOOGLE_DOMAINS: list.default([]),
  })
  .superRefine(bothOrNeither('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'));

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
