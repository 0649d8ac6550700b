import { Field, ObjectType } from 'type-graphql';
import type { ErrorCode } from '../../domain/error.ts';
import { encodeId } from '../../graphql/global-id.ts';
import { Node } from '../../graphql/node.ts';
import { Problem } from '../../graphql/problem.type.ts';
import { DateTime, EmailAddress } from '../../graphql/scalars.ts';
import type { Access } from '../../providers/contract/connect.ts';
import { AccessEnum } from './access.enum.ts';
import type { IntegrationRecord, IntegrationStatus } from './integration.ts';
import { IntegrationStatusEnum } from './integration-status.enum.ts';

@ObjectType('Integration', {
  implements: Node,
  simpleResolvers: true,
  description: 'One mail account of yours at one provider. Its id survives reconnecting the same address.',
})
export class IntegrationType extends Node {
  /** For field resolvers, also those of rooms above; not in the schema. */
  readonly record: IntegrationRecord;

  @Field(() => EmailAddress, {
    description: "The account's own address, as the provider told it when it was connected.",
  })
  readonly address: string;

  @Field(() => IntegrationStatusEnum, {
    description: 'Whether mail can be read now, and who has to act when it cannot.',
  })
  readonly status: IntegrationStatus;

  @Field(() => Problem, {
    nullable: true,
    description: 'Why, when status is not CONNECTED, in words an end user can act on.',
  })
  readonly problem: Problem | null;

  @Field(() => AccessEnum, {
    description: 'What you allowed this gateway to do. Connect again with another access to change it.',
  })
  readonly access: Access;

  @Field(() => [String], { description: "What the provider granted, in the provider's own names." })
  readonly scopes: readonly string[];

  @Field(() => DateTime, { nullable: true, description: 'When consent was last given.' })
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
