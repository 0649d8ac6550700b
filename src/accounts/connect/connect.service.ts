import { MailError } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';
import { findProvider } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { ConnectFlowJob } from './connect-flow.job.ts';
import { unknownToken } from './connect-flow.ts';
import type { ConnectOutcome, ConnectRequest, OpenConnectMethod } from './connect-method.ts';
import type { DiscoveryService } from './discovery.service.ts';

interface ConnectOptions {
  readonly providers: readonly Provider[];
  readonly discovery: DiscoveryService;
  readonly methods: readonly OpenConnectMethod[];
  readonly flowJob: Pick<ConnectFlowJob, 'schedule'>;
}

/** Which account is to be connected, and how. It names an address, a provider, or both. */
export interface ConnectChoice extends ConnectRequest {
  readonly provider?: string | null;
  /** A ConnectMethodEntry.method. */
  readonly method: string;
}

type Connecting = ConnectOutcome & { readonly provider: Provider };

/** Determines the provider, and lets the chosen method connect the account. */
export class ConnectService {
  constructor(private readonly options: ConnectOptions) {
    const { providers, methods } = options;
    for (const { id, connectMethods } of providers) {
      const unknown = connectMethods.find(({ method }) => !methods.some((known) => known.method === method));
      if (unknown) throw new Error(`${id} connects by ${unknown.method}, which connect-methods.ts does not list`);
    }
  }

  /** Throws MailError with the field at fault. */
  async connect(request: ConnectChoice): Promise<Connecting> {
    const { methods, flowJob } = this.options;
    const entry = methods.find(({ method }) => method === request.method);
    if (!entry) throw unsupported(`${request.method} is not a method of this gateway`);
    refuseInputsOfOthers(entry, request);
    entry.handler.check?.(request);
    const provider = await this.choose(request);
    const offered = provider.connectMethods.find(({ method }) => method === entry.method);
    if (!offered) throw unsupported(`${provider.name} ${entry.absence}`);
    requireAccess(provider, request.access);
    const outcome = await entry.handler.connect(provider, offered, request);
    if ('flow' in outcome && outcome.pollAfterMs !== undefined) flowJob.schedule(outcome.flow.id, outcome.pollAfterMs);
    return { ...outcome, provider };
  }

  /** Connects the account of the flow that this token or code ends. Throws NOT_FOUND when the user has no such flow. */
  async finish(userId: string, token: string): Promise<IntegrationRecord> {
    for (const { handler } of this.options.methods) {
      const integration = await handler.finish?.(userId, token);
      if (integration) return integration;
    }
    throw unknownToken();
  }

  /** Returns the provider that is named, or else the one that serves the address. */
  private async choose({ provider: id = null, address = null }: ConnectChoice): Promise<Provider> {
    const { providers, discovery } = this.options;
    if (id === null && address === null) throw new MailError('INVALID', 'Give an address, a provider, or both.');
    const field = ['input', id === null ? 'address' : 'provider'];
    const provider = id === null ? await discovery.discover(address ?? '') : findProvider(providers, id);
    if (!provider) {
      const message =
        id === null
          ? 'The provider of this address could not be determined. Give the provider.'
          : `This gateway does not support the provider ${id}.`;
      throw new MailError('UNSUPPORTED', message, { field });
    }
    if (!provider.configured) {
      const message = `${provider.name} is not configured on this gateway: ask its operator.`;
      throw new MailError('UNSUPPORTED', message, { field });
    }
    return provider;
  }
}

/** Every method takes these. */
const COMMON: ReadonlySet<string> = new Set<keyof ConnectChoice>(['userId', 'access', 'address', 'provider', 'method']);

/** An input that the method ignores would let its user believe that it had an effect. */
function refuseInputsOfOthers({ method, takes }: OpenConnectMethod, request: ConnectChoice): void {
  const taken: ReadonlySet<string> = new Set(takes);
  for (const [input, value] of Object.entries(request)) {
    if (value == null || COMMON.has(input) || taken.has(input)) continue;
    const message = `The method ${method} takes no \`${input}\`: leave it out.`;
    throw new MailError('INVALID', message, { field: ['input', input] });
  }
}

/** Throws UNSUPPORTED for an access that no account of the provider can have. */
function requireAccess({ name, accesses }: Provider, access: Access): void {
  if (accesses.includes(access)) return;
  const message = `${name} does not support access ${access}. Use ${accesses.join(' or ')}.`;
  throw new MailError('UNSUPPORTED', message, { field: ['input', 'access'] });
}

const unsupported = (what: string): MailError =>
  new MailError('UNSUPPORTED', `${what}: use one of its connectMethods.`, { field: ['input', 'method'] });
