import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { EmailAddress, URLScalar } from '../../../graphql/scalars.ts';
import type { Access } from '../../../providers/contract/connect.ts';
import { AccessEnum } from '../access.enum.ts';
import { IntegrationType } from '../integration/integration.type.ts';
import { ProviderIdEnum } from '../provider.enum.ts';
import { ViewerType } from '../viewer/viewer.type.ts';
import { ConnectFlowType } from './connect-flow.type.ts';
import { ConnectMethodEnum } from './connect-method.enum.ts';

@InputType({ description: 'The input of `connect`: which account to connect, by an address, a provider, or both.' })
export class ConnectInput {
  @Field(() => EmailAddress, {
    nullable: true,
    description:
      'Used to find the provider when `provider` is left out, and to fill in the sign-in page. The account that the user signs in to there is the one that is connected.',
  })
  address?: string | null;

  @Field(() => ProviderIdEnum, {
    nullable: true,
    description:
      'The provider. Required when `discover` cannot determine it from the address. When it is given, the address is not looked up.',
  })
  provider?: string | null;

  @Field(() => AccessEnum, {
    defaultValue: 'READ',
    description:
      "The access to ask for, one of the provider's `accesses`. It decides the OAuth scopes. Ask for no more than you need: users read the consent page.",
  })
  access!: Access;

  @Field(() => ConnectMethodEnum, {
    defaultValue: 'AUTHORIZATION_CODE',
    description: "One of the provider's `connectMethods`.",
  })
  method!: string;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      "The page that the browser is redirected to at the end. The gateway's REDIRECT_URIS must allow it. It can also be the loopback address or the custom scheme of an app (RFC 8252), if REDIRECT_URIS allows that. After the consent it is given the query ?status=pending&token=TOKEN: pass the token to `finishConnect`. When the flow has failed, the query is ?status=failed&code=CODE&message=TEXT. Parameters of these names in the URL that you give are removed. It is refused with a method that has no consent page. Default: a page of the gateway, which shows a code for `finishConnect`.",
  })
  redirectUri?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The password of the address at the provider. Required with a method that takes one, such as PASSWORD, and refused with any other. It is stored encrypted and never returned.',
  })
  password?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `connect`.' })
export class ConnectPayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'With a method that connects at once: the connected account. With other methods: the integration that already exists for this address. It keeps its id when the account is connected again. Null when the address is new or was not given.',
  })
  readonly integration: IntegrationType | null;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      "Open this URL in the user's browser. It works once. Consent alone connects nothing: the result must be passed to `finishConnect` by the user who called `connect`. Null when no browser is needed.",
  })
  readonly authorizationUrl: string | null;

  @Field(() => ConnectFlowType, {
    nullable: true,
    description:
      'The flow that has started. Finish it with `finishConnect` within ten minutes. Null when no browser is needed.',
  })
  readonly flow: ConnectFlowType | null;

  @Field(() => ViewerType, {
    description: 'The signed-in user, so that you can read the changed list of accounts in the same request.',
  })
  readonly viewer: ViewerType;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], { description: 'Why the flow was not started, or the account was not connected.' })
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

@InputType({ description: 'The input of `finishConnect`: the token or code that ends a connect flow.' })
export class FinishConnectInput {
  @Field(() => String, {
    description:
      "The `token` parameter that your `redirectUri` received, or the code that the gateway's page showed. Case, spaces and hyphens of a code are ignored.",
  })
  token!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `finishConnect`.' })
export class FinishConnectPayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description: 'The connected account. Null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @Field(() => ViewerType, {
    description: 'The signed-in user, so that you can read the changed list of accounts in the same request.',
  })
  readonly viewer: ViewerType;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description:
      'Why no account was connected. The code is NOT_FOUND when the token is wrong, has expired or belongs to a flow of another user. It is CONSENT_REQUIRED when a permission was not granted: the message names the permission.',
  })
  readonly userErrors: readonly UserError[];

  constructor(viewer: ViewerType, integration: IntegrationType | null, userErrors: readonly UserError[] = []) {
    this.viewer = viewer;
    this.integration = integration;
    this.userErrors = userErrors;
  }
}

@InputType({ description: 'The input of `disconnect`: the account to disconnect.' })
export class IntegrationInput {
  @Field(() => ID, { description: 'The id of an Integration of yours.' })
  integration!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `disconnect`.' })
export class DisconnectPayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description: 'The account, whose status is now DISCONNECTED. Null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Show this to the user: what they have to do themselves at the provider to withdraw their consent. Null when nothing is left to do.',
  })
  readonly notice: string | null;

  @Field(() => ViewerType, {
    description: 'The signed-in user, so that you can read the changed list of accounts in the same request.',
  })
  readonly viewer: ViewerType;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], { description: 'Why the account was not disconnected.' })
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
