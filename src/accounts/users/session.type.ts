import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { Sized } from '../../graphql/list-size.ts';
import { DateTime, EmailAddress } from '../../graphql/scalars.ts';
import { UserError } from '../../graphql/user-error.type.ts';
import type { SessionTokens } from './session.service.ts';
import { ViewerType } from './viewer.type.ts';

@ObjectType('Session', {
  simpleResolvers: true,
  description: 'A sign-in. It lives on by being refreshed, until it is signed out.',
})
export class SessionType {
  @Field(() => String, { description: 'Send it as "Authorization: Bearer ...". Good until expiresAt.' })
  readonly accessToken: string;

  @Field(() => DateTime, { description: 'When the access token ends; refresh the session a little before.' })
  readonly expiresAt: Date;

  @Field(() => Int, {
    description:
      'The seconds that the access token lives from the moment it was given out (RFC 6749, 5.1): right also for a client whose clock is wrong.',
  })
  readonly expiresIn: number;

  @Field(() => String, {
    description:
      'Serves once, for refreshSession, which returns the next; two calls at the same moment, as of two tabs, get the same one, and so does one that is repeated because the connection broke before it was answered. Used again after that, it ends the session. Good for 30 days.',
  })
  readonly refreshToken: string;

  @Field(() => ViewerType, { description: 'Who signed in: spares a second request.' })
  readonly viewer: ViewerType;

  constructor(tokens: SessionTokens) {
    this.accessToken = tokens.accessToken;
    this.expiresAt = tokens.expiresAt;
    this.expiresIn = tokens.expiresIn;
    this.refreshToken = tokens.refreshToken;
    this.viewer = new ViewerType(tokens.userId);
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of register, signIn and refreshSession.' })
export class SessionPayload {
  @Field(() => SessionType, { nullable: true, description: 'Null when there are userErrors.' })
  readonly session: SessionType | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'Why there is no session.' })
  readonly userErrors: readonly UserError[];

  constructor(session: SessionType | null, userErrors: readonly UserError[] = []) {
    this.session = session;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of signOut.' })
export class SignOutPayload {
  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'Always empty: signing out asks for nothing that could be wrong.' })
  readonly userErrors: readonly UserError[] = [];
}

@InputType({ description: 'A new user of this gateway.' })
export class RegisterInput {
  @Field(() => EmailAddress, {
    description: 'What you sign in with, without regard to case. Need not be an account to connect.',
  })
  email!: string;

  @Field(() => String, { description: 'At least 10 characters, at most 256 bytes.' })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The invitation, on a gateway that registers by invitation only.',
  })
  invite?: string | null;
}

@InputType({ description: 'A user that has registered.' })
export class SignInInput {
  @Field(() => EmailAddress, { description: 'As registered, without regard to case.' })
  email!: string;

  @Field(() => String, { description: 'As registered.' })
  password!: string;
}

@InputType({ description: 'A session to carry on.' })
export class RefreshSessionInput {
  @Field(() => String, { description: 'The last one you were given; each serves once.' })
  refreshToken!: string;
}
