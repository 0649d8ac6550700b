import { SANDBOX_CLIENT, type Sandbox } from '../../sandbox/start.ts';
import { readConfig } from '../../src/config.ts';
import { registry } from '../../src/providers/registry.ts';
import { authorize } from '../../test/support/lab.ts';
import type { Mailbox } from '../lab/client.ts';

/** An access token for an account of the sandbox. How it is got is not measured, so the gateway's own way will do. */
export async function accessToken(sandbox: Sandbox, { provider: id, address }: Mailbox): Promise<string> {
  const config = readConfig({
    NODE_ENV: 'test',
    GOOGLE_CLIENT_ID: SANDBOX_CLIENT.clientId,
    GOOGLE_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    GOOGLE_OAUTH_URL: sandbox.googleUrl,
    GOOGLE_API_URL: sandbox.googleUrl,
    MICROSOFT_CLIENT_ID: SANDBOX_CLIENT.clientId,
    MICROSOFT_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    MICROSOFT_LOGIN_URL: sandbox.microsoftUrl,
    MICROSOFT_GRAPH_URL: sandbox.microsoftUrl,
  });
  const provider = registry(config).find((one) => one.id === id);
  if (!provider) throw new Error(`${id} is not in the registry`);
  return (await authorize(provider, address, 'READ')).accessToken;
}
