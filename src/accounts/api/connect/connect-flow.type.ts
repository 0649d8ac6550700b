import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { encodeId } from '../../../domain/global-id.ts';
import { Problem } from '../../../graphql/errors/problem.type.ts';
import { Node } from '../../../graphql/node.ts';
import { DateTime, EmailAddress } from '../../../graphql/scalars.ts';
import type { Access } from '../../../providers/contract/connect.ts';
import { type ConnectFlowRecord, isInProgress } from '../../connect/connect-flow.ts';
import { AccessEnum } from '../access.enum.ts';

const ConnectFlowStatusEnum = {
  CONNECTING: 'CONNECTING',
  CONNECTED: 'CONNECTED',
  FAILED: 'FAILED',
  EXPIRED: 'EXPIRED',
} as const;
registerEnumType(ConnectFlowStatusEnum, {
  name: 'ConnectFlowStatus',
  description: 'The state of a connect flow.',
  valuesConfig: {
    CONNECTING: { description: 'The flow is in progress, and `waitsFor` is its next step. Nothing is connected yet.' },
    CONNECTED: { description: 'The flow is finished, and `integration` is the account.' },
    FAILED: { description: 'The flow ended without connecting an account, and `problem` says why.' },
    EXPIRED: { description: 'The flow was not finished within ten minutes.' },
  },
});

const ConnectStepEnum = { CONSENT: 'CONSENT', FINISH: 'FINISH' } as const;
registerEnumType(ConnectStepEnum, {
  name: 'ConnectStep',
  description: 'The next step of a connect flow.',
  valuesConfig: {
    CONSENT: { description: 'Nobody has consented at the provider yet.' },
    FINISH: {
      description:
        'Somebody has consented at the provider. The gateway cannot know whether it was the user who called `connect`. Call `finishConnect` with the token or code that the browser received.',
    },
  },
});

@ObjectType('ConnectFlow', {
  implements: Node,
  simpleResolvers: true,
  description:
    'One attempt to connect an account in the browser. The account becomes an Integration when the status is CONNECTED, not before.',
})
export class ConnectFlowType extends Node {
  /** For field resolvers. It is not in the schema. */
  readonly record: ConnectFlowRecord;

  @Field(() => ConnectFlowStatusEnum, { description: 'The state of the flow.' })
  readonly status: keyof typeof ConnectFlowStatusEnum;

  @Field(() => ConnectStepEnum, {
    nullable: true,
    description: 'The next step while the status is CONNECTING. Null for every other status.',
  })
  readonly waitsFor: keyof typeof ConnectStepEnum | null;

  @Field(() => AccessEnum, { description: 'The access that the user is asked to grant.' })
  readonly access: Access;

  @Field(() => EmailAddress, {
    nullable: true,
    description:
      'The address that was given to `connect`. Null when none was given. The user may have signed in to another account: `integration.address` is the connected one.',
  })
  readonly address: string | null;

  @Field(() => Problem, {
    nullable: true,
    description: 'Why the status is FAILED, in words for the user. Null for every other status.',
  })
  readonly problem: Problem | null;

  @Field(() => DateTime, { description: 'When `connect` was called.' })
  readonly startedAt: Date;

  @Field(() => DateTime, { description: 'The flow must be finished before this time.' })
  readonly expiresAt: Date;

  constructor(record: ConnectFlowRecord, now = new Date()) {
    super(encodeId('ConnectFlow', record.id));
    this.record = record;
    const inProgress = isInProgress(record, now);
    this.status = inProgress ? 'CONNECTING' : endOf(record);
    this.waitsFor = inProgress && (record.status === 'CONSENT' || record.status === 'FINISH') ? record.status : null;
    this.access = record.access;
    this.address = record.address;
    this.problem = record.problem && new Problem(record.problem.code, record.problem.message);
    this.startedAt = record.createdAt;
    this.expiresAt = record.expiresAt;
  }
}

const endOf = ({ status }: ConnectFlowRecord) => (status === 'CONNECTED' || status === 'FAILED' ? status : 'EXPIRED');
