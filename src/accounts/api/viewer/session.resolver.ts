import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { ErrorCode } from '../../../domain/error.ts';
import { isMailError, MailError } from '../../../domain/error.ts';
import { requirePrincipal } from '../../../graphql/caller.ts';
import type { Context } from '../../../graphql/context.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import type { SessionService, SessionTokens } from '../../users/session.service.ts';
import type { SignInService } from '../../users/sign-in.service.ts';
import {
  RefreshSessionInput,
  RegisterInput,
  SessionPayload,
  SessionType,
  SignInInput,
  SignOutPayload,
} from './session.type.ts';

/** The errors that other credentials solve are userErrors. Any other error, such as too many attempts, fails the request. */
const USER_ERRORS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'INVALID', 'CONFLICT']);

@Resolver()
export class SessionResolver {
  constructor(
    private readonly signIns: SignInService,
    private readonly sessions: SessionService,
  ) {}

  @Mutation(() => SessionPayload, {
    description:
      'Creates a user and signs in. The operator decides whether registration is open, by invitation only or disabled.',
  })
  register(
    @Arg('input', () => RegisterInput, { description: 'The new user.' }) input: RegisterInput,
    @Ctx() context: Context,
  ): Promise<SessionPayload> {
    return payload(this.signIns.register({ ...input, invite: input.invite ?? null }, context.clientAddress));
  }

  @Mutation(() => SessionPayload, {
    description:
      'Signs in with a password and starts a session. The error is the same for a wrong password and an unknown address. The code is RATE_LIMITED after ten failures of one client with one address. Other clients can still sign in with this address.',
  })
  signIn(
    @Arg('input', () => SignInInput, { description: 'The credentials.' }) input: SignInInput,
    @Ctx() context: Context,
  ): Promise<SessionPayload> {
    return payload(this.signIns.signIn(input, context.clientAddress));
  }

  @Mutation(() => SessionPayload, {
    description:
      'Exchanges a refresh token for a new access token and the next refresh token. No Authorization header is needed.',
  })
  refreshSession(
    @Arg('input', () => RefreshSessionInput, { description: 'The refresh token.' }) input: RefreshSessionInput,
    @Ctx() context: Context,
  ): Promise<SessionPayload> {
    return payload(this.sessions.refresh(input.refreshToken, context.signal));
  }

  @Mutation(() => SignOutPayload, {
    description:
      'Ends the session of the access token. Its tokens become invalid and its subscriptions are closed, on every instance of the gateway.',
  })
  async signOut(@Ctx() context: Context): Promise<SignOutPayload> {
    const { sessionId } = requirePrincipal(context);
    if (sessionId === undefined) {
      throw new MailError('UNSUPPORTED', 'This credential belongs to no session, so there is nothing to sign out of.');
    }
    await this.sessions.end(sessionId, 'SIGNED_OUT');
    return new SignOutPayload();
  }
}

async function payload(opening: Promise<SessionTokens>): Promise<SessionPayload> {
  try {
    return new SessionPayload(new SessionType(await opening));
  } catch (error) {
    if (!isMailError(error) || !USER_ERRORS.has(error.code)) throw error;
    return new SessionPayload(null, [new UserError(error.code as ErrorCode, error.message, error.field ?? null)]);
  }
}
