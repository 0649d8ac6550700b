import { MailError } from '../domain/error.ts';
import { AttemptLimiter } from './attempt.limiter.ts';
import { normaliseEmail } from './email.ts';
import { isInvited } from './invitation.ts';
import { hashPassword, requireGoodPassword, verifyPassword } from './password.ts';
import type { SessionService, SessionTokens } from './session.service.ts';
import type { UserStore } from './user.store.ts';

export interface SignInOptions {
  readonly users: UserStore;
  readonly sessions: SessionService;
  readonly registration: 'open' | 'invite' | 'off';
  /** Signs invitations too. */
  readonly jwtSecret: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** How users come in. Throws MailError, RATE_LIMITED among them. */
export class SignInService {
  // Only failures count: a good sign-in gives its attempt back.
  private readonly perEmail = new AttemptLimiter(10, 60_000);
  private readonly perClient = new AttemptLimiter(50, 10_000);
  // Hashing is dear, and every registration hashes.
  private readonly registrations = new AttemptLimiter(60, 10_000);

  constructor(private readonly options: SignInOptions) {}

  async register(input: Credentials & { invite: string | null }, clientAddress: string): Promise<SessionTokens> {
    const { registration, jwtSecret, users, sessions } = this.options;
    const email = normaliseEmail(input.email);
    if (registration === 'off') {
      throw new MailError('FORBIDDEN', 'Registration is closed on this gateway.');
    }
    if (registration === 'invite' && !isInvited(input.invite ?? '', email, jwtSecret)) {
      throw new MailError('FORBIDDEN', 'Registration needs an invitation for this address that has not expired.', {
        field: ['input', 'invite'],
      });
    }
    requireGoodPassword(input.password);
    this.registrations.take(clientAddress);
    const user = await users.create(email, await hashPassword(input.password));
    return sessions.open(user.id);
  }

  async signIn(input: Credentials, clientAddress: string): Promise<SessionTokens> {
    const email = normaliseEmail(input.email);
    this.perClient.take(clientAddress);
    this.perEmail.take(email);
    const user = await this.options.users.findByEmail(email);
    if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) {
      throw new MailError('UNAUTHENTICATED', 'The address or the password is wrong.');
    }
    this.perClient.giveBack(clientAddress);
    this.perEmail.giveBack(email);
    return this.options.sessions.open(user.id);
  }
}
