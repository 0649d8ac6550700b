import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { DraftType } from './draft.type.ts';

@InputType({
  description: 'The input of `deleteDraft`: the draft to delete, and the version that you expect it to have.',
})
export class DraftInput {
  @Field(() => ID, { description: 'The id of the draft.' })
  draft!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The `Draft.version` that you last read. When the draft has changed since, the mutation answers CONFLICT. Default: any version.',
  })
  ifVersion?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `saveDraft`.' })
export class DraftPayload {
  @Field(() => DraftType, {
    nullable: true,
    description: 'The stored draft, with its new version. Null when there are userErrors: then nothing was changed.',
  })
  readonly draft: DraftType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'What is wrong with the input. The code is CONFLICT when the draft was changed elsewhere.',
  })
  readonly userErrors: readonly UserError[];

  constructor(draft: DraftType | null, userErrors: readonly UserError[] = []) {
    this.draft = draft;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `deleteDraft`.' })
export class DeleteDraftPayload {
  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the deleted draft, so that you can remove it from your cache. Null when there are userErrors.',
  })
  readonly draft: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'The account that contained it, so that you can read the changed lists in the same request. Null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'What is wrong with the input. The code is CONFLICT when the draft was changed elsewhere.',
  })
  readonly userErrors: readonly UserError[];

  constructor(
    deleted: { readonly draft: string; readonly integration: IntegrationType } | null,
    userErrors: readonly UserError[] = [],
  ) {
    this.draft = deleted?.draft ?? null;
    this.integration = deleted?.integration ?? null;
    this.userErrors = userErrors;
  }
}
