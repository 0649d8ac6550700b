import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { encodeId } from '../../graphql/global-id.ts';
import { Node } from '../../graphql/node.ts';
import { Problem } from '../../graphql/problem.type.ts';
import { DateTime, EmailAddress } from '../../graphql/scalars.ts';
import type { Access } from '../../providers/contract/connect.ts';
import { AccessEnum } from '../integrations/access.enum.ts';
import { type ConnectFlowRecord, isUnderWay } from './connect-flow.ts';

export const ConnectFlowStatusEnum = {
  CONNECTING: 'CONNECTING',
  CONNECTED: 'CONNECTED',
  FAILED: 'FAILED',
  EXPIRED: 'EXPIRED',
} as const;
registerEnumType(ConnectFlowStatusEnum, {
  name: 'ConnectFlowStatus',
  description: 'How far a connect flow has come.',
  valuesConfig: {
    CONNECTING: { description: 'Under way; waitsFor says for what. Nothing is connected yet.' },
    CONNECTED: { description: 'It was finished; integration is the account.' },
    FAILED: { description: 'It ended without an account; problem says why.' },
    EXPIRED: { description: 'Its ten minutes were over first.' },
  },
});

export const ConnectStepEnum = { CONSENT: 'CONSENT', FINISH: 'FINISH' } as const;
registerEnumType(ConnectStepEnum, {
  name: 'ConnectStep',
  description: 'What a connect flow waits for.',
  valuesConfig: {
    CONSENT: { description: "The provider's page has not sent a browser back yet." },
    FINISH: {
      description: 'Consent was given, by whom cannot be known: finishConnect with the token or code of that browser.',
    },
  },
});

@ObjectType('ConnectFlow', {
  implements: Node,
  simpleResolvers: true,
  description:
    'One run of connecting an account in the browser. What it connects is an Integration once it is CONNECTED, and not before.',
})
export class ConnectFlowType extends Node {
  /** For field resolvers; not in the schema. */
  readonly record: ConnectFlowRecord;

  @Field(() => ConnectFlowStatusEnum, { description: 'How far it has come.' })
  readonly status: keyof typeof ConnectFlowStatusEnum;

  @Field(() => ConnectStepEnum, { nullable: true, description: 'What it waits for while it is CONNECTING; else null.' })
  readonly waitsFor: keyof typeof ConnectStepEnum | null;

  @Field(() => AccessEnum, { description: 'What the account is asked for.' })
  readonly access: Access;

  @Field(() => EmailAddress, {
    nullable: true,
    description: 'The address that connect was given. Another account may sign in: the integration tells.',
  })
  readonly address: string | null;

  @Field(() => Problem, { nullable: true, description: 'Why it FAILED, in words for its user.' })
  readonly problem: Problem | null;

  @Field(() => DateTime, { description: 'When connect was called.' })
  readonly startedAt: Date;

  @Field(() => DateTime, { description: 'Until when it can be finished.' })
  readonly expiresAt: Date;

  constructor(record: ConnectFlowRecord, now = new Date()) {
    super(encodeId('ConnectFlow', record.id));
    this.record = record;
    const underWay = isUnderWay(record, now);
    this.status = underWay ? 'CONNECTING' : endOf(record);
    this.waitsFor = underWay && (record.status === 'CONSENT' || record.status === 'FINISH') ? record.status : null;
    this.access = record.access;
    this.address = record.address;
    this.problem = record.problem && new Problem(record.problem.code, record.problem.message);
    this.startedAt = record.createdAt;
    this.expiresAt = record.expiresAt;
  }
}

const endOf = ({ status }: ConnectFlowRecord) => (status === 'CONNECTED' || status === 'FAILED' ? status : 'EXPIRED');
