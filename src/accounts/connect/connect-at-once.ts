import { normaliseEmail } from '../../domain/address.ts';
import type { Exchanged } from '../../providers/contract/connect.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import { tooManyAttempts } from '../users/attempt.limiter.ts';
import type { CountedAttempt } from '../users/attempt.store.ts';
import type { ConnectTools } from './connect-method.ts';
import type { ConnectedAccountInput } from './integration-writer.ts';

/** How long the provider may take to answer. */
const SIGN_IN_TIMEOUT_MS = 30_000;

/**
 * Connects an account without a flow: `signIn` asks the provider, and succeeds only when it accepts what the user has
 * given. All instances together limit the attempts, so that the gateway cannot be used to guess secrets.
 */
export async function connectAtOnce(
  { integrationWriter, attempts }: Pick<ConnectTools, 'integrationWriter' | 'attempts'>,
  account: ConnectedAccountInput,
  address: string,
  signIn: (signal: AbortSignal) => Promise<Exchanged<unknown>>,
): Promise<{ integration: IntegrationRecord }> {
  const counted = attemptsOf(account, address);
  const waitMs = await attempts.takeAll(counted);
  if (waitMs > 0) throw tooManyAttempts(waitMs);
  const exchanged = await signIn(AbortSignal.timeout(SIGN_IN_TIMEOUT_MS));
  await attempts.giveBackAll(counted);
  return { integration: await integrationWriter.saveIntegration(account, exchanged) };
}

function attemptsOf({ method, userId, provider }: ConnectedAccountInput, address: string): CountedAttempt[] {
  const name = method.toLowerCase();
  return [
    [{ name: `${name} connect user`, burst: 10, everyMs: 60_000 }, userId],
    // All users of one mailbox together. This limit is much higher, because otherwise strangers could keep its owner
    // from connecting it.
    [
      { name: `${name} connect mailbox`, burst: 100, everyMs: 60_000 },
      JSON.stringify([provider, normaliseEmail(address)]),
    ],
  ];
}
