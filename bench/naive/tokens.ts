import type { Sandbox } from '../../sandbox/start.ts';
import { readConfig } from '../../src/config.ts';
import { registry } from '../../src/providers/registry.ts';
import { authorize } from '../../test/support/app/lab.ts';
import type { Mailbox } from '../lab/client.ts';

/**
 * Returns an access token for an account of the sandbox. Getting it is not measured, so it is done in the way of the
 * gateway.
 */
export async function accessToken(sandbox: Sandbox, { provider: id, address }: Mailbox): Promise<string> {
  const config = readConfig({ NODE_ENV: 'test', ...sandbox.environment() });
  const provider = registry(config.providers).find((one) => one.id === id);
  if (!provider) throw new Error(`${id} is not in the registry`);
  return (await authorize(provider, address, 'READ')).accessToken;
}
