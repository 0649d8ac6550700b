import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { IntegrationType } from '../../accounts/integration.type.ts';
import { Problem } from '../../graphql/problem.type.ts';
import type { SearchEvaluation } from './account-list.ts';
import type { SourceReport } from './unified-list.ts';

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

const SearchEvaluationEnum = { NATIVE: 'NATIVE', FILTERED: 'FILTERED', TRUNCATED: 'TRUNCATED' } as const;
registerEnumType(SearchEvaluationEnum, {
  name: 'SearchEvaluation',
  description: 'Who did the searching.',
  valuesConfig: {
    NATIVE: { description: 'The provider answered the whole question.' },
    FILTERED: { description: 'The provider answered a part, and we filtered its answer.' },
    TRUNCATED: { description: 'A budget ended before the list did: there may be more; reading on continues.' },
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

  @Field(() => SearchEvaluationEnum, { nullable: true, description: 'Null without a search or filter.' })
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
