import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Sized } from '../../graphql/list-size.ts';
import { EmailAddress, URLScalar } from '../../graphql/scalars.ts';
import { UserError } from '../../graphql/user-error.type.ts';
import type { Access } from '../../providers/contract/connect.ts';
import { AccessEnum } from '../integrations/access.enum.ts';
import { IntegrationType } from '../integrations/integration.type.ts';
import { ProviderIdEnum } from '../integrations/provider.enum.ts';
import { ViewerType } from '../users/viewer.type.ts';
import { ConnectFlowType } from './connect-flow.type.ts';
import { ConnectMethodEnum } from './connect-method.enum.ts';

@InputType({ description: 'Which account to connect: an address, a provider, or both.' })
export class ConnectInput {
  @Field(() => EmailAddress, {
    nullable: true,
    description:
      'Finds the provider when none is named, and fills the sign-in page. The account that signs in there is the one connected.',
  })
  address?: string | null;

  @Field(() => ProviderIdEnum, {
    nullable: true,
    description: 'Spares the discovery; the way when discover does not know.',
  })
  provider?: string | null;

  @Field(() => AccessEnum, {
    defaultValue: 'READ',
    description: 'Decides the scopes. Ask for no more than you need: users read the consent page.',
  })
  access!: Access;

  @Field(() => ConnectMethodEnum, {
    defaultValue: 'AUTHORIZATION_CODE',
    description: 'One of the connectMethods of the provider.',
  })
  method!: string;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      'Where the browser ends up: a page on the allow-list of the gateway, or the loopback address or custom scheme of an app ' +
      '(RFC 8252). It is given ?status=pending&token=TOKEN, for finishConnect, or ?status=failed&code=CODE&message=TEXT; ' +
      'parameters of its own under these names are dropped. Without it a page of ours shows a code for finishConnect.',
  })
  redirectUri?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "With method PASSWORD, and only then: the address's password at the provider. Sealed, and never shown again.",
  })
  password?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'How to go on with connecting.' })
export class ConnectPayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'With PASSWORD, the account, connected. Else the integration that connecting this address again will keep; null when the address is new or was not named.',
  })
  readonly integration: IntegrationType | null;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      "Send the user's browser here; it serves once. Sent to somebody else it gives you nothing: what comes back is for finishConnect. Null where no browser is needed.",
  })
  readonly authorizationUrl: string | null;

  @Field(() => ConnectFlowType, {
    nullable: true,
    description: 'What has begun, and ends with finishConnect within ten minutes; null where no browser is needed.',
  })
  readonly flow: ConnectFlowType | null;

  @Field(() => ViewerType, { description: 'You, for reading the list of your accounts again.' })
  readonly viewer: ViewerType;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'Why it did not begin, or did not connect.' })
  readonly userErrors: readonly UserError[];

  constructor(
    viewer: ViewerType,
    integration: IntegrationType | null,
    begun: { readonly authorizationUrl: string; readonly flow: ConnectFlowType } | null,
    userErrors: readonly UserError[] = [],
  ) {
    this.viewer = viewer;
    this.integration = integration;
    this.authorizationUrl = begun?.authorizationUrl ?? null;
    this.flow = begun?.flow ?? null;
    this.userErrors = userErrors;
  }
}

@InputType({ description: 'What the browser came back with.' })
export class FinishConnectInput {
  @Field(() => String, {
    description:
      'The token that redirectUri was given, or the code that our page has shown; of a code, case, spaces and hyphens do not matter.',
  })
  token!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of finishConnect.' })
export class FinishConnectPayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description: 'The account, connected; null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @Field(() => ViewerType, { description: 'You, for reading the list of your accounts again.' })
  readonly viewer: ViewerType;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], {
    description:
      'Why nothing was connected. NOT_FOUND for a token that is wrong, too late or of a flow that somebody else began; CONSENT_REQUIRED names what was not granted.',
  })
  readonly userErrors: readonly UserError[];

  constructor(viewer: ViewerType, integration: IntegrationType | null, userErrors: readonly UserError[] = []) {
    this.viewer = viewer;
    this.integration = integration;
    this.userErrors = userErrors;
  }
}

@InputType({ description: 'One of your integrations.' })
export class IntegrationInput {
  @Field(() => ID, { description: 'Its global id.' })
  integration!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of disconnect.' })
export class DisconnectPayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description: 'The account as it is now, DISCONNECTED; null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @Field(() => String, {
    nullable: true,
    description: 'What is left for the user to do, where the provider lets nobody else end the consent. Show it.',
  })
  readonly notice: string | null;

  @Field(() => ViewerType, { description: 'You, for reading the list of your accounts again.' })
  readonly viewer: ViewerType;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'Why nothing was disconnected.' })
  readonly userErrors: readonly UserError[];

  constructor(
    viewer: ViewerType,
    done: { readonly integration: IntegrationType; readonly notice: string | null } | null,
    userErrors: readonly UserError[] = [],
  ) {
    this.viewer = viewer;
    this.integration = done?.integration ?? null;
    this.notice = done?.notice ?? null;
    this.userErrors = userErrors;
  }
}
