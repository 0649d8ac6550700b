import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { ErrorCode } from '../../domain/error.ts';
import { isMailError, MailError } from '../../domain/error.ts';
import type { Context } from '../../graphql/context.ts';
import { requirePrincipal } from '../../graphql/principal.ts';
import { UserError } from '../../graphql/user-error.type.ts';
import type { SessionService, SessionTokens } from './session.service.ts';
import {
  RefreshSessionInput,
  RegisterInput,
  SessionPayload,
  SessionType,
  SignInInput,
  SignOutPayload,
} from './session.type.ts';
import type { SignInService } from './sign-in.service.ts';

/** Mended by other credentials, so data; too many attempts are an error of the request. */
const AS_DATA: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'INVALID', 'CONFLICT']);

@Resolver()
export class SessionResolver {
  constructor(
    private readonly signIns: SignInService,
    private readonly sessions: SessionService,
  ) {}

  @Mutation(() => SessionPayload, {
    description: 'Creates a user and signs in. Open, by invitation or closed, as the operator chose.',
  })
  register(
    @Arg('input', () => RegisterInput, { description: 'Who, and the password to be.' }) input: RegisterInput,
    @Ctx() context: Context,
  ): Promise<SessionPayload> {
    return payload(this.signIns.register({ ...input, invite: input.invite ?? null }, context.clientAddress));
  }

  @Mutation(() => SessionPayload, {
    description:
      'Begins a session. Says the same for a wrong password and an unknown address; RATE_LIMITED after ten failures of one client with one address, which holds nobody else up.',
  })
  signIn(
    @Arg('input', () => SignInInput, { description: 'Who, and the password.' }) input: SignInInput,
    @Ctx() context: Context,
  ): Promise<SessionPayload> {
    return payload(this.signIns.signIn(input, context.clientAddress));
  }

  @Mutation(() => SessionPayload, {
    description:
      'Trades the refresh token for a new access token and the next refresh token. Needs no Authorization header.',
  })
  refreshSession(
    @Arg('input', () => RefreshSessionInput, { description: 'What to trade in.' }) input: RefreshSessionInput,
    @Ctx() context: Context,
  ): Promise<SessionPayload> {
    return payload(this.sessions.refresh(input.refreshToken, context.signal));
  }

  @Mutation(() => SignOutPayload, {
    description:
      'Ends the session of the access token: its tokens stop serving and its subscriptions close, everywhere.',
  })
  async signOut(@Ctx() context: Context): Promise<SignOutPayload> {
    const { sessionId } = requirePrincipal(context);
    if (sessionId === undefined) {
      throw new MailError('UNSUPPORTED', 'This credential is of no session: there is nothing to sign out of.');
    }
    await this.sessions.end(sessionId, 'SIGNED_OUT');
    return new SignOutPayload();
  }
}

async function payload(opening: Promise<SessionTokens>): Promise<SessionPayload> {
  try {
    return new SessionPayload(new SessionType(await opening));
  } catch (error) {
    if (!isMailError(error) || !AS_DATA.has(error.code)) throw error;
    return new SessionPayload(null, [new UserError(error.code as ErrorCode, error.message, error.field ?? null)]);
  }
}
