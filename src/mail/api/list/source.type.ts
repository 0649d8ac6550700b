import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import { Problem } from '../../../graphql/problem.type.ts';
import type { SearchEvaluation } from '../../list/account-list.ts';
import type { SourceReport } from '../../list/unified-list.ts';

const SourceStateEnum = { COMPLETE: 'COMPLETE', PARTIAL: 'PARTIAL', FAILED: 'FAILED' } as const;
registerEnumType(SourceStateEnum, {
  name: 'SourceState',
  description: 'How much of its share an account brought to this page.',
  valuesConfig: {
    COMPLETE: { description: 'All of it.' },
    PARTIAL: {
      description: 'Some; problem says why not all. What was missed comes with a later page, or as a null node.',
    },
    FAILED: { description: 'Nothing; problem says why. The next page asks it again, from where it was.' },
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
    'Who decided what this account brought, and so how far it can be relied on. The same on every page of a list, but for TRUNCATED. Where several apply, TRUNCATED comes before INDEXED, that before FILTERED, that before NATIVE.',
  valuesConfig: {
    NATIVE: { description: "The provider's own answer, which is exact for what was asked (flags, mailboxes, dates)." },
    FILTERED: {
      description:
        'The provider brought candidates, and each was held against the condition here: nothing wrong is shown; what its search does not bring is not seen.',
    },
    INDEXED: {
      description:
        'Words of bodies were asked for, or attachments where only the index knows of them, and the index of the provider decided these: what it does not find, or has not taken up yet, counts as not there. All else was held against the condition here.',
    },
    TRUNCATED: {
      description:
        "This page ended with the gateway's SCAN_BUDGET, or the provider shows no more of its result: there may be more matches than were found. Where hasNextPage is true, reading on goes on from there.",
    },
  },
});

@ObjectType('Source', {
  simpleResolvers: true,
  description: 'What one account contributed to a page, and who did the searching.',
})
export class SourceType {
  @Field(() => IntegrationType, { description: 'The account.' })
  readonly integration: IntegrationType;

  @Field(() => SourceStateEnum, { description: 'Whether anything of it is missing.' })
  readonly state: SourceReport['state'];

  @Field(() => SearchEvaluationEnum, {
    nullable: true,
    description: 'Null without a search or filter, unless TRUNCATED.',
  })
  readonly evaluation: SearchEvaluation | null;

  @Field(() => Problem, { nullable: true, description: 'Why something is missing; null when nothing is.' })
  readonly problem: Problem | null;

  constructor({ account, state, evaluation, problem }: SourceReport) {
    this.integration = new IntegrationType(account.integration);
    this.state = state;
    this.evaluation = evaluation;
    this.problem = problem;
  }
}
