import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { URLScalar } from '../../../graphql/scalars.ts';
import type { UnsubscribeMethod } from '../../unsubscribe/unsubscriber.ts';

@ObjectType('Unsubscribe', {
  simpleResolvers: true,
  description:
    'How to unsubscribe from the mailing list that sent a message, as its List-Unsubscribe headers say. No request is made until you call the mutation `unsubscribe`.',
})
export class UnsubscribeType {
  @Field(() => URLScalar, {
    nullable: true,
    description: 'The http or https URL for unsubscribing. Null when the list gives none.',
  })
  readonly url!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A mailto: URL. A mail to it unsubscribes. Null when the list gives none.',
  })
  readonly mailto!: string | null;

  @Field(() => Boolean, {
    description:
      'Whether the list supports one-click unsubscription (RFC 8058): a POST of List-Unsubscribe=One-Click to `url` is enough. The mutation `unsubscribe` makes this request for you.',
  })
  readonly oneClick!: boolean;
}

const UnsubscribeMethodEnum = { ONE_CLICK: 'ONE_CLICK', MAIL: 'MAIL' } as const;
registerEnumType(UnsubscribeMethodEnum, {
  name: 'UnsubscribeMethod',
  description: 'How the unsubscribe request was made.',
  valuesConfig: {
    ONE_CLICK: { description: "By a one-click request that the list's server accepted (RFC 8058)." },
    MAIL: {
      description:
        'By the mail that the list asks for. It is sent, or being sent, from the address of yours that the list writes to.',
    },
  },
});

@InputType({ description: 'The input of `unsubscribe`: the mailing list to unsubscribe from.' })
export class UnsubscribeInput {
  @Field(() => ID, { description: 'The id of a message from the mailing list.' })
  message!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `unsubscribe`.' })
export class UnsubscribePayload {
  @Field(() => Boolean, {
    description:
      'Whether the unsubscribe request was made. The mailing list decides when it stops sending mail after that.',
  })
  get requested(): boolean {
    return this.method !== null;
  }

  @Field(() => UnsubscribeMethodEnum, {
    nullable: true,
    description: 'How the request was made. Null when it was not.',
  })
  readonly method: UnsubscribeMethod | null;

  @Field(() => URLScalar, {
    nullable: true,
    description:
      'A page on which a person can unsubscribe, if there is one and the request was not made. Otherwise null. The sender chose this URL, so treat it like any link in their message.',
  })
  readonly url: string | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'Why the request was not made. The code is UNSUPPORTED when the list offers no automatic way.',
  })
  readonly userErrors: readonly UserError[];

  constructor(method: UnsubscribeMethod | null, url: string | null, userErrors: readonly UserError[] = []) {
    this.method = method;
    this.url = url;
    this.userErrors = userErrors;
  }
}
