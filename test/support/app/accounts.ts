import { randomBytes, randomUUID } from 'node:crypto';

import { CallbackService } from '../../../src/accounts/connect/authorization-code/callback.service.ts';
import { FlowSeal } from '../../../src/accounts/connect/authorization-code/connect-flow.seal.ts';
import { type ConnectChoice, ConnectService } from '../../../src/accounts/connect/connect.service.ts';
import { ConnectFlowJob } from '../../../src/accounts/connect/connect-flow.job.ts';
import { ConnectFlowStore } from '../../../src/accounts/connect/connect-flow.store.ts';
import { openMethods } from '../../../src/accounts/connect/connect-method.ts';
import { CONNECT_METHODS } from '../../../src/accounts/connect/connect-methods.ts';
import { DiscoveryService } from '../../../src/accounts/connect/discovery.service.ts';
import { IntegrationWriter } from '../../../src/accounts/connect/integration-writer.ts';
import { AccessTokens } from '../../../src/accounts/handles/access-tokens.ts';
import { AccountHealth } from '../../../src/accounts/handles/account-health.ts';
import { MailSessions } from '../../../src/accounts/handles/mail-sessions.ts';
import { RequestLimiters } from '../../../src/accounts/handles/request-limiters.ts';
import { DisconnectService } from '../../../src/accounts/integrations/disconnect.service.ts';
import { IntegrationDirectory } from '../../../src/accounts/integrations/integration.directory.ts';
import type { IntegrationHooks } from '../../../src/accounts/integrations/integration.hooks.ts';
import { IntegrationStore } from '../../../src/accounts/integrations/integration.store.ts';
import { LeaseStore } from '../../../src/accounts/integrations/lease.store.ts';
import { AttemptStore } from '../../../src/accounts/users/attempt.store.ts';
import { UserStore } from '../../../src/accounts/users/user.store.ts';
import { createBus } from '../../../src/platform/bus/bus.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { Sealer } from '../../../src/platform/secrets/seal.ts';
import type { Access } from '../../../src/providers/contract/connect.ts';
import type { Provider } from '../../../src/providers/contract/provider.ts';
import { SecretStore } from '../../../src/vault/secret.store.ts';
import { Vault } from '../../../src/vault/vault.ts';

import { silent } from './database.ts';

const testKey = { version: 1, bytes: randomBytes(32) };

interface AccountsOptions {
  readonly providers: readonly Provider[];
  readonly hooks?: readonly IntegrationHooks[];
  readonly now?: () => Date;
}

/** Opens the accounts room of one instance as app.ts does, with the providers that a test passes. */
export async function openAccounts(db: Database, { providers, hooks = [], now }: AccountsOptions) {
  const clock = now ? { now } : {};
  const bus = await createBus(db, silent);
  const sealer = new Sealer([testKey]);
  const vault = new Vault(new SecretStore(db), sealer);
  const integrations = new IntegrationStore(db);
  const directory = new IntegrationDirectory(integrations, bus);
  const lease = new LeaseStore(db);
  const tokens = new AccessTokens({ vault, lease, integrations, directory, providers, log: silent, ...clock });
  const health = new AccountHealth({ integrations, directory, hooks, log: silent });
  const limiters = new RequestLimiters({ log: silent });
  const sessions = new MailSessions({ providers, directory, tokens, health, limiters, log: silent });
  const callbackUrl = () => 'http://postern.example/oauth/callback';
  const discovery = new DiscoveryService({ providers, mailHosts: async () => [] });
  const flows = new ConnectFlowStore(db);
  const seal = new FlowSeal(sealer);
  const attempts = new AttemptStore(db);
  const redirects = { allowed: ['https://app.example/mail'], anyLoopback: false };
  const integrationWriter = new IntegrationWriter({ vault, integrations, directory, hooks, log: silent });
  const methods = openMethods(CONNECT_METHODS, {
    providers,
    integrationWriter,
    flows,
    integrations,
    sealer,
    attempts,
    limiters,
    redirects,
    callbackUrl,
    log: silent,
    ...clock,
  });
  const flowJob = new ConnectFlowJob({ methods, providers, flows, integrationWriter, log: silent, ...clock });
  const connect = new ConnectService({ providers, discovery, methods, flowJob });
  const callback = new CallbackService({ providers, flows, seal, users: new UserStore(db), log: silent, ...clock });
  const disconnect = new DisconnectService({ providers, vault, integrations, directory, hooks, log: silent });
  const room = {
    bus,
    sealer,
    vault,
    integrations,
    directory,
    lease,
    tokens,
    sessions,
    limiters,
    flows,
    connect,
    callback,
    disconnect,
  };

  const begin = async (userId: string, request: Omit<ConnectChoice, 'userId' | 'method'>) => {
    const outcome = await connect.connect({ ...request, userId, method: 'AUTHORIZATION_CODE' });
    if ('integration' in outcome) throw new Error('it was connected at once');
    return outcome;
  };

  return {
    ...room,
    /** Begins a flow, which `finish` ends. */
    begin,
    /** Connects an account with a password. */
    async withPassword(
      userId: string,
      request: Omit<ConnectChoice, 'userId' | 'method' | 'redirectUri' | 'password'> & { password: string },
    ) {
      const outcome = await connect.connect({ ...request, userId, method: 'PASSWORD' });
      if (!('integration' in outcome)) throw new Error('it was only begun');
      return outcome.integration;
    },
    async user(): Promise<string> {
      return (await new UserStore(db).create(`${randomUUID()}@people.example`, '')).id;
    },
    /** Runs the whole flow and returns the id of the integration. */
    async connected(userId: string, access: Access = 'READ', provider = 'GMAIL'): Promise<string> {
      const redirectUri = 'https://app.example/mail';
      const begun = await begin(userId, { address: null, provider, access, redirectUri });
      const state = new URL(begun.authorizationUrl).searchParams.get('state') ?? '';
      const reply = await callback.handle(new URLSearchParams({ state, code: 'a-code' }));
      const outcome = new URL(reply.headers.location ?? '').searchParams;
      if (outcome.get('status') !== 'pending') throw new Error(outcome.toString());
      return (await connect.finish(userId, outcome.get('token') ?? '')).id;
    },
  };
}

export type Accounts = Awaited<ReturnType<typeof openAccounts>>;
