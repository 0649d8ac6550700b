import { FieldResolver, Resolver, Root } from 'type-graphql';
import { requirePrincipal } from '../../../graphql/caller.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import type { NodeRegistry } from '../../../graphql/node.ts';
import { requireProvider } from '../../../providers/contract/find-provider.ts';
import type { Provider } from '../../../providers/contract/provider.ts';
import type { ConnectFlowStore } from '../../connect/connect-flow.store.ts';
import { isInProgress } from '../../connect/connect-flow.ts';
import type { OpenConnectMethod } from '../../connect/connect-method.ts';
import type { IntegrationDirectory } from '../../integrations/integration.directory.ts';
import { IntegrationType } from '../integration/integration.type.ts';
import { ProviderType } from '../provider.type.ts';
import { ViewerType } from '../viewer/viewer.type.ts';
import { ConnectFlowType } from './connect-flow.type.ts';

const MAX_SHOWN_AGE_MS = 3_600_000;
const MAX_SHOWN = 50;

@Resolver(() => ViewerType)
export class ViewerConnectFlowsResolver {
  constructor(private readonly flows: ConnectFlowStore) {}

  @ListSizeHint({ assumed: MAX_SHOWN })
  @FieldResolver(() => [ConnectFlowType], {
    description: `Your connect flows that are in progress or ended within the last hour. The most recently started is first, and there are at most ${MAX_SHOWN}.`,
  })
  async connectFlows(@Root() { userId }: ViewerType): Promise<ConnectFlowType[]> {
    const records = await this.flows.ofUser(userId, new Date(Date.now() - MAX_SHOWN_AGE_MS), MAX_SHOWN);
    return records.map((record) => new ConnectFlowType(record));
  }
}

@Resolver(() => ConnectFlowType)
export class ConnectFlowResolver {
  constructor(
    private readonly providers: readonly Provider[],
    private readonly methods: readonly OpenConnectMethod[],
    private readonly directory: IntegrationDirectory,
  ) {}

  @FieldResolver(() => ProviderType, { description: 'The provider on whose page the user consents.' })
  provider(@Root() { record }: ConnectFlowType): ProviderType {
    return new ProviderType(requireProvider(this.providers, record.provider));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'What the user has to do next: a sentence to show to them. If they have to enter a code, it contains the code. Null unless the status is CONNECTING.',
  })
  instructions(@Root() { record }: ConnectFlowType): string | null {
    if (!isInProgress(record, new Date())) return null;
    const provider = requireProvider(this.providers, record.provider);
    const method = this.methods.find(({ method }) => method === record.method);
    return method?.handler.instructions?.(record, provider) ?? null;
  }

  @FieldResolver(() => IntegrationType, {
    nullable: true,
    description: 'The connected account. Null until the status is CONNECTED.',
  })
  async integration(@Root() { record }: ConnectFlowType): Promise<IntegrationType | null> {
    const found = record.integrationId && (await this.directory.find(record.userId, record.integrationId));
    return found ? new IntegrationType(found) : null;
  }
}

/** Registers the look-up of a user's own flows by global id. It is not dated, because the state of a flow depends on the clock. */
export function registerConnectFlowNode(nodes: NodeRegistry, flows: ConnectFlowStore): NodeRegistry {
  return nodes.register('ConnectFlow', async (context, [id = '']) => {
    const record = await flows.find(requirePrincipal(context).userId, id);
    return record && new ConnectFlowType(record);
  });
}
