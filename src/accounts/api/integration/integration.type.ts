import { Field, ObjectType } from 'type-graphql';
import type { ErrorCode } from '../../../domain/error.ts';
import { encodeId } from '../../../domain/global-id.ts';
import { Problem } from '../../../graphql/errors/problem.type.ts';
import { Node } from '../../../graphql/node.ts';
import { DateTime, EmailAddress } from '../../../graphql/scalars.ts';
import type { Access } from '../../../providers/contract/connect.ts';
import type { IntegrationRecord, IntegrationStatus } from '../../integrations/integration.ts';
import { AccessEnum } from '../access.enum.ts';
import { IntegrationStatusEnum } from './integration-status.enum.ts';

@ObjectType('Integration', {
  implements: Node,
  simpleResolvers: true,
  description:
    "One of the user's mail accounts at a provider. Its id stays the same when the same address is connected again.",
})
export class IntegrationType extends Node {
  /** For field resolvers, also those of rooms above. It is not in the schema. */
  readonly record: IntegrationRecord;

  @Field(() => EmailAddress, {
    description: 'The address of the account, as the provider reported it when the account was connected.',
  })
  readonly address: string;

  @Field(() => IntegrationStatusEnum, {
    description: 'The state of the grant: whether mail can be read, and who has to act when it cannot.',
  })
  readonly status: IntegrationStatus;

  @Field(() => Problem, {
    nullable: true,
    description: 'Why `status` is not CONNECTED, in words that an end user can act on. Null when it is CONNECTED.',
  })
  readonly problem: Problem | null;

  @Field(() => AccessEnum, {
    description: 'What the user has allowed the gateway to do. To change it, call `connect` again with another access.',
  })
  readonly access: Access;

  @Field(() => [String], { description: "The OAuth scopes that the provider granted, by the provider's names." })
  readonly scopes: readonly string[];

  @Field(() => DateTime, { nullable: true, description: 'When the user last connected the account.' })
  readonly connectedAt: Date | null;

  constructor(record: IntegrationRecord) {
    super(encodeId('Integration', record.id));
    this.record = record;
    this.address = record.address;
    this.status = record.status;
    this.problem = record.problem ? new Problem(record.problem.code as ErrorCode, record.problem.message) : null;
    this.access = record.access;
    this.scopes = record.scopes;
    this.connectedAt = record.connectedAt;
  }
}
