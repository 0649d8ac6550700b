import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { Sized } from '../../../graphql/list-size.ts';
import { URLScalar } from '../../../graphql/scalars.ts';
import { UserError } from '../../../graphql/user-error.type.ts';
import type { UnsubscribeMethod } from '../../unsubscribe/unsubscriber.ts';

@ObjectType('Unsubscribe', {
  simpleResolvers: true,
  description:
    'How to leave the mailing list that sent this, in its own headers. Nothing of it is followed unless you call the mutation of this name.',
})
export class UnsubscribeType {
  @Field(() => URLScalar, { nullable: true, description: 'A page (http or https) that ends the subscription.' })
  readonly url!: string | null;

  @Field(() => String, { nullable: true, description: 'A mailto: URL; a mail to it ends the subscription.' })
  readonly mailto!: string | null;

  @Field(() => Boolean, { description: 'A POST of List-Unsubscribe=One-Click to url is enough (RFC 8058).' })
  readonly oneClick!: boolean;
}

const UnsubscribeMethodEnum = { ONE_CLICK: 'ONE_CLICK', MAIL: 'MAIL' } as const;
registerEnumType(UnsubscribeMethodEnum, {
  name: 'UnsubscribeMethod',
  description: 'How a list was asked to let go.',
  valuesConfig: {
    ONE_CLICK: { description: 'Its server was told, and has taken it (RFC 8058).' },
    MAIL: { description: 'The mail that it asks for is sent, or on its way, from the address that it wrote to.' },
  },
});

@InputType({ description: 'Which list to leave.' })
export class UnsubscribeInput {
  @Field(() => ID, { description: 'A message that came from it.' })
  message!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Whether the list was asked to let go.' })
export class UnsubscribePayload {
  @Field(() => Boolean, { description: 'It was asked. When it stops writing is up to the list.' })
  get done(): boolean {
    return this.method !== null;
  }

  @Field(() => UnsubscribeMethodEnum, { nullable: true, description: 'How; null when it was not done.' })
  readonly method: UnsubscribeMethod | null;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      'Where it was not done: a page on which a person can do it. The sender chose it, so open it as a link of theirs.',
  })
  readonly url: string | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'Why it was not done; UNSUPPORTED: nothing that a program may do is offered.',
  })
  readonly userErrors: readonly UserError[];

  constructor(method: UnsubscribeMethod | null, url: string | null, userErrors: readonly UserError[] = []) {
    this.method = method;
    this.url = url;
    this.userErrors = userErrors;
  }
}
