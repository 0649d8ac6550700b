import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { sameAddress } from '../../domain/address.ts';
import type { Context } from '../../graphql/context.ts';
import { singleId } from '../../graphql/global-id.ts';
import { requirePrincipal } from '../../graphql/principal.ts';
import { userErrorOf } from '../../graphql/user-error.type.ts';
import type { DisconnectService } from '../integrations/disconnect.service.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import { IntegrationType } from '../integrations/integration.type.ts';
import { ViewerType } from '../users/viewer.type.ts';
import type { FinishService } from './authorization-code/finish.service.ts';
import type { ConnectService } from './connect.service.ts';
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
    private readonly finishes: FinishService,
    private readonly disconnects: DisconnectService,
    private readonly directory: IntegrationDirectory,
  ) {}

  @Mutation(() => ConnectPayload, {
    description:
      'Begins to connect an account, or to connect one again, also with another access. The user consents in the browser, and finishConnect ends it, unless the method is PASSWORD: then it is done.',
  })
  async connect(
    @Arg('input', () => ConnectInput, { description: 'Which account, and what for.' }) input: ConnectInput,
    @Ctx() context: Context,
  ): Promise<ConnectPayload> {
    const { userId } = requirePrincipal(context);
    const viewer = new ViewerType(userId);
    const { access, address = null, provider = null, redirectUri = null, method, password = null } = input;
    try {
      const request = { userId, access, address, provider, redirectUri, method, password };
      const outcome = await this.connects.connect(request);
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
      'Connects the account that the user has consented to: only for who began with connect, within ten minutes, once. Called again with the same token it answers the same; five wrong codes end the flows that wait for one.',
  })
  async finishConnect(
    @Arg('input', () => FinishConnectInput, { description: 'What the browser came back with.' })
    input: FinishConnectInput,
    @Ctx() context: Context,
  ): Promise<FinishConnectPayload> {
    const { userId } = requirePrincipal(context);
    const viewer = new ViewerType(userId);
    try {
      return new FinishConnectPayload(viewer, new IntegrationType(await this.finishes.finish(userId, input.token)));
    } catch (error) {
      return new FinishConnectPayload(viewer, null, [userErrorOf(error, ['FORBIDDEN', 'RECONNECT_REQUIRED'])]);
    }
  }

  @Mutation(() => DisconnectPayload, {
    description: 'Forgets the secret of an account, and ends the grant at the provider where nobody else uses it.',
  })
  async disconnect(
    @Arg('input', () => IntegrationInput, { description: 'Which account.' }) input: IntegrationInput,
    @Ctx() context: Context,
  ): Promise<DisconnectPayload> {
    const { userId } = requirePrincipal(context);
    const viewer = new ViewerType(userId);
    try {
      const id = singleId(input.integration, 'Integration');
      const notice = await this.disconnects.disconnect(userId, id);
      const record = await this.directory.find(userId, id);
      return new DisconnectPayload(viewer, record && { integration: new IntegrationType(record), notice });
    } catch (error) {
      return new DisconnectPayload(viewer, null, [userErrorOf(error)]);
    }
  }
}
