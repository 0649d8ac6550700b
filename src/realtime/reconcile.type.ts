import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import { UserError } from '../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../graphql/list-size.ts';

@InputType({ description: 'The input of `reconcile`: the account to compare.' })
export class ReconcileInput {
  @Field(() => ID, { description: 'The id of an Integration of yours.' })
  integration!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `reconcile`.' })
export class ReconcilePayload {
  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'The account, whose comparison has been requested. Its `sync { provedAt }` changes when the comparison has ended. Null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description:
      'Why the account is not compared. The code is NOT_FOUND when it is not yours, UNSUPPORTED when the gateway keeps no index of it, RECONNECT_REQUIRED when it has to be connected again, and RATE_LIMITED when it was requested too often.',
  })
  readonly userErrors: readonly UserError[];

  constructor(integration: IntegrationType | null, userErrors: readonly UserError[] = []) {
    this.integration = integration;
    this.userErrors = userErrors;
  }
}
