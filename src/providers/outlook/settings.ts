import { z } from 'zod';
import { domains, needs, url } from '../../platform/setting.ts';
import type { ProviderTimes } from '../contract/provider.ts';
import { LAG_WAITS_MS } from './wire/replica-lag.ts';

const fields = z.object({
  MICROSOFT_CLIENT_ID: z.string().optional(),
  MICROSOFT_CLIENT_SECRET: z.string().optional(),
  MICROSOFT_TENANT: z
    .string()
    .regex(/^[\w.-]+$/, 'must be common, organizations, consumers, or the id or domain of a tenant')
    .default('common'),
  MICROSOFT_LOGIN_URL: url.optional(),
  MICROSOFT_GRAPH_URL: url.optional(),
  MICROSOFT_DOMAINS: domains.default([]),
});
const paired = needs(
  needs(fields, 'MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'),
  'MICROSOFT_CLIENT_SECRET',
  'MICROSOFT_CLIENT_ID',
);
export const settings = paired;

export interface OutlookOptions {
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  readonly tenant: string;
  /** Null means Microsoft's own hosts. */
  readonly loginUrl: string | null;
  readonly graphUrl: string | null;
  readonly domains: readonly string[];
  readonly lagWaitsMs: readonly number[];
}

export const optionsOf = (
  values: z.output<typeof settings>,
  { lagWaitsMs = LAG_WAITS_MS }: ProviderTimes = {},
): OutlookOptions => ({
  clientId: values.MICROSOFT_CLIENT_ID ?? null,
  clientSecret: values.MICROSOFT_CLIENT_SECRET ?? null,
  tenant: values.MICROSOFT_TENANT,
  loginUrl: values.MICROSOFT_LOGIN_URL ?? null,
  graphUrl: values.MICROSOFT_GRAPH_URL ?? null,
  domains: values.MICROSOFT_DOMAINS,
  lagWaitsMs,
});
