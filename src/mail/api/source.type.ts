import type { Logger } from 'pino';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { IntegrationType } from '../../accounts/api/integration/integration.type.ts';
import { Problem, problemOf } from '../../graphql/errors/problem.type.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { SourceReport } from '../list/account-list.ts';
import type { SearchEvaluation } from '../list/account-reads.ts';

const SourceStateEnum = { COMPLETE: 'COMPLETE', PARTIAL: 'PARTIAL', FAILED: 'FAILED' } as const;
registerEnumType(SourceStateEnum, {
  name: 'SourceState',
  description: 'Whether an account returned all of its items for this page.',
  valuesConfig: {
    COMPLETE: { description: 'The account returned all its items for this page.' },
    PARTIAL: {
      description:
        'The account returned some of its items, and `problem` says why not all. The missing items are in a later page, or are null nodes.',
    },
    FAILED: {
      description:
        'The account returned nothing, and `problem` says why. The next page continues with it from the same position.',
    },
  },
});

const SearchEvaluationEnum = {
  NATIVE: 'NATIVE',
  FILTERED: 'FILTERED',
  INDEXED: 'INDEXED',
  TRUNCATED: 'TRUNCATED',
} as const;
registerEnumType(SearchEvaluationEnum, {
  name: 'SearchEvaluation',
  description:
    'Who decided which messages of an account match, and so how reliable the result is. It is the same on every page of a list, except for TRUNCATED. When several values apply, it is the first of TRUNCATED, INDEXED, FILTERED and NATIVE.',
  valuesConfig: {
    NATIVE: {
      description: 'The provider decided, and its answer is exact for this condition (flags, mailboxes, dates).',
    },
    FILTERED: {
      description:
        "The provider returned candidates, and the gateway checked each against the condition. Every message in the list matches. Matching messages that the provider's search did not return are missing.",
    },
    INDEXED: {
      description:
        "The condition has words of the body, or attachments that only the provider's search index knows, and the index decided these parts. A message that the index does not find, or does not contain yet, counts as not matching. The gateway checked all other parts of the condition.",
    },
    TRUNCATED: {
      description:
        "The page ended early: the gateway's SCAN_BUDGET was used up, or the provider does not return more results. More messages may match. When `hasNextPage` is true, the next page continues from there.",
    },
  },
});

@ObjectType('Source', {
  simpleResolvers: true,
  description: 'What one account contributed to a page, and how its search was evaluated.',
})
export class SourceType {
  @Field(() => IntegrationType, { description: 'The account.' })
  readonly integration: IntegrationType;

  @Field(() => SourceStateEnum, { description: 'Whether items of this account are missing.' })
  readonly state: SourceReport['state'];

  @Field(() => SearchEvaluationEnum, {
    nullable: true,
    description:
      'How the search or filter was evaluated for this account. Null without a search or filter, unless TRUNCATED.',
  })
  readonly evaluation: SearchEvaluation | null;

  @Field(() => Problem, { nullable: true, description: 'Why items of this account are missing. Null when none are.' })
  readonly problem: Problem | null;

  constructor(
    account: MailAccount,
    state: SourceReport['state'],
    evaluation: SearchEvaluation | null,
    problem: Problem | null,
  ) {
    this.integration = new IntegrationType(account.integration);
    this.state = state;
    this.evaluation = evaluation;
    this.problem = problem;
  }

  /** The details of an unexpected error are logged under the reference that the client receives. */
  static of({ account, state, evaluation, error }: SourceReport, log: Logger): SourceType {
    return new SourceType(account, state, evaluation, error === null ? null : problemOf(error, log));
  }
}
