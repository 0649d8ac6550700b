import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { sameAddress } from '../../../domain/address.ts';
import { singleId } from '../../../domain/global-id.ts';
import { requirePrincipal } from '../../../graphql/caller.ts';
import type { Context } from '../../../graphql/context.ts';
import { userErrorOf } from '../../../graphql/errors/user-error.type.ts';
import type { ConnectService } from '../../connect/connect.service.ts';
import type { DisconnectService } from '../../integrations/disconnect.service.ts';
import type { IntegrationDirectory } from '../../integrations/integration.directory.ts';
import { IntegrationType } from '../integration/integration.type.ts';
import { ViewerType } from '../viewer/viewer.type.ts';
import {
  ConnectInput,
  ConnectPayload,
  DisconnectPayload,
  FinishConnectInput,
  FinishConnectPayload,
  IntegrationInput,
} from './connect.type.ts';
import { ConnectFlowType } from './connect-flow.type.ts';

@Resolver()
export class ConnectResolver {
  constructor(
    private readonly connects: ConnectService,
    private readonly disconnects: DisconnectService,
    private readonly directory: IntegrationDirectory,
  ) {}

  @Mutation(() => ConnectPayload, {
    description:
      'Starts to connect an account, or to connect an existing one again, for example with another access. The user consents in the browser, and then you call `finishConnect`. A method that needs no browser, such as PASSWORD, connects the account at once.',
  })
  async connect(
    @Arg('input', () => ConnectInput, { description: 'The account, and the access to ask for.' }) input: ConnectInput,
    @Ctx() context: Context,
  ): Promise<ConnectPayload> {
    const { userId } = requirePrincipal(context);
    const viewer = new ViewerType(userId);
    const { address = null } = input;
    try {
      const outcome = await this.connects.connect({ ...input, userId });
      if ('integration' in outcome) {
        return new ConnectPayload(viewer, new IntegrationType(outcome.integration), null);
      }
      const known = (await this.directory.all(userId)).find(
        (record) => record.provider === outcome.provider.id && address !== null && sameAddress(record.address, address),
      );
      const begun = { authorizationUrl: outcome.authorizationUrl, flow: new ConnectFlowType(outcome.flow) };
      return new ConnectPayload(viewer, known ? new IntegrationType(known) : null, begun);
    } catch (error) {
      return new ConnectPayload(viewer, null, null, [userErrorOf(error)]);
    }
  }

  @Mutation(() => FinishConnectPayload, {
    description:
      'Connects the account that the user has consented to. Only the user who called `connect` can finish the flow, within ten minutes. Another call with the same token gets the same answer. After five wrong codes all flows of the user that wait for a code fail.',
  })
  async finishConnect(
    @Arg('input', () => FinishConnectInput, { description: 'The token or code that ends a connect flow.' })
    input: FinishConnectInput,
    @Ctx() context: Context,
  ): Promise<FinishConnectPayload> {
    const { userId } = requirePrincipal(context);
    const viewer = new ViewerType(userId);
    try {
      return new FinishConnectPayload(viewer, new IntegrationType(await this.connects.finish(userId, input.token)));
    } catch (error) {
      return new FinishConnectPayload(viewer, null, [userErrorOf(error, ['FORBIDDEN', 'RECONNECT_REQUIRED'])]);
    }
  }

  @Mutation(() => DisconnectPayload, {
    description:
      'Deletes the stored tokens of an account, its index and its position in the history of the provider, and revokes the grant at the provider unless another user of this gateway uses it too. When the account is connected again, a MailEventsReset (HISTORY_LOST) says that not all is known of what happened meanwhile, and subscriptions to `messageReceived` that include the account end with CONFLICT, because they may miss new mail. Until then they go on with the other accounts.',
  })
  async disconnect(
    @Arg('input', () => IntegrationInput, { description: 'The account to disconnect.' }) input: IntegrationInput,
    @Ctx() context: Context,
  ): Promise<DisconnectPayload> {
    const { userId } = requirePrincipal(context);
    const viewer = new ViewerType(userId);
    const id = singleId(input.integration, 'Integration');
    try {
      const notice = await this.disconnects.disconnect(userId, id);
      const record = await this.directory.find(userId, id);
      return new DisconnectPayload(viewer, record && { integration: new IntegrationType(record), notice });
    } catch (error) {
      return new DisconnectPayload(viewer, null, [userErrorOf(error)]);
    }
  }
}
