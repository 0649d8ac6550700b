import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { DateTime, EmailAddress } from '../../../graphql/scalars.ts';
import type { SessionTokens } from '../../users/session.service.ts';
import { ViewerType } from './viewer.type.ts';

@ObjectType('Session', {
  simpleResolvers: true,
  description:
    'A session of a user. It ends at `signOut`, when it was not refreshed for 30 days, and after 180 days at the latest.',
})
export class SessionType {
  @Field(() => String, {
    description: 'The access token. Send it in the header "Authorization: Bearer TOKEN". Valid until `expiresAt`.',
  })
  readonly accessToken: string;

  @Field(() => DateTime, { description: 'When the access token expires. Refresh the session shortly before.' })
  readonly expiresAt: Date;

  @Field(() => Int, {
    description:
      'The lifetime of the access token in seconds, from the time it was issued (RFC 6749, 5.1). Use it rather than `expiresAt` when the clock of the client may be wrong.',
  })
  readonly expiresIn: number;

  @Field(() => String, {
    description:
      'The token for the next `refreshSession`, which returns another one. It can be used once, and is valid for 30 days. Two calls at the same time, for example from two tabs, get the same successor. A call that is repeated because the connection broke before the answer gets it too. Any later use ends the session.',
  })
  readonly refreshToken: string;

  @Field(() => ViewerType, { description: 'The signed-in user, so that no second request is needed.' })
  readonly viewer: ViewerType;

  constructor(tokens: SessionTokens) {
    this.accessToken = tokens.accessToken;
    this.expiresAt = tokens.expiresAt;
    this.expiresIn = tokens.expiresIn;
    this.refreshToken = tokens.refreshToken;
    this.viewer = new ViewerType(tokens.userId);
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `register`, `signIn` and `refreshSession`.' })
export class SessionPayload {
  @Field(() => SessionType, { nullable: true, description: 'The session. Null when there are userErrors.' })
  readonly session: SessionType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], { description: 'Why no session was started or refreshed.' })
  readonly userErrors: readonly UserError[];

  constructor(session: SessionType | null, userErrors: readonly UserError[] = []) {
    this.session = session;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `signOut`.' })
export class SignOutPayload {
  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], { description: 'Always empty: `signOut` has no input that could be wrong.' })
  readonly userErrors: readonly UserError[] = [];
}

@InputType({ description: 'The input of `register`: the e-mail address and password of the new user.' })
export class RegisterInput {
  @Field(() => EmailAddress, {
    description:
      'The address to sign in with, compared case-insensitively. It need not be one of the mail accounts that you connect.',
  })
  email!: string;

  @Field(() => String, { description: 'The password: at least 10 characters, at most 256 bytes.' })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The invitation. Required when the gateway registers users by invitation only.',
  })
  invite?: string | null;
}

@InputType({ description: 'The input of `signIn`: the credentials of a registered user.' })
export class SignInInput {
  @Field(() => EmailAddress, { description: 'The e-mail address given to `register`, compared case-insensitively.' })
  email!: string;

  @Field(() => String, { description: 'The password.' })
  password!: string;
}

@InputType({ description: 'The input of `refreshSession`: the session to refresh.' })
export class RefreshSessionInput {
  @Field(() => String, { description: 'The latest refresh token that you received. Each can be used once.' })
  refreshToken!: string;
}
