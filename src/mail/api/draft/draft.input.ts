import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import { Sized } from '../../../graphql/list-size.ts';
import { UserError } from '../../../graphql/user-error.type.ts';
import { DraftType } from './draft.type.ts';

@InputType({ description: 'Which draft.' })
export class DraftInput {
  @Field(() => ID, { description: 'The draft.' })
  draft!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The version that you have before you; CONFLICT when the draft has moved on. Left out: whatever it is.',
  })
  ifVersion?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'What became of the draft.' })
export class DraftPayload {
  @Field(() => DraftType, {
    nullable: true,
    description:
      'As it is stored now, with its new version. Null when the input is at fault: then nothing was changed.',
  })
  readonly draft: DraftType | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input; CONFLICT: it was changed elsewhere.' })
  readonly userErrors: readonly UserError[];

  constructor(draft: DraftType | null, userErrors: readonly UserError[] = []) {
    this.draft = draft;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: 'Whether the draft is gone.' })
export class DeleteDraftPayload {
  @Field(() => ID, { nullable: true, description: 'The id of the draft that was deleted, for taking it off a screen.' })
  readonly draft: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description: 'The account that it was in, for reading what is left; null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input; CONFLICT: it was changed elsewhere.' })
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
