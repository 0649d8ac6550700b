import { MailError } from '../domain/error.ts';
import { tooManyAttempts } from './attempt.limiter.ts';
import type { AttemptRule, AttemptStore } from './attempt.store.ts';
import { normaliseEmail } from './email.ts';
import { isInvited } from './invitation.ts';
import { hashPassword, requireGoodPassword, verifyPassword } from './password.ts';
import type { SessionService, SessionTokens } from './session.service.ts';
import type { UserStore } from './user.store.ts';

export interface SignInOptions {
  readonly users: UserStore;
  readonly sessions: SessionService;
  readonly attempts: Pick<AttemptStore, 'take' | 'giveBack'>;
  readonly registration: 'open' | 'invite' | 'off';
  /** Signs invitations too. */
  readonly jwtSecret: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

// Only failures count: a good sign-in gives its attempt back.
const PER_EMAIL: AttemptRule = { name: 'sign-in email', burst: 10, everyMs: 60_000 };
const PER_CLIENT: AttemptRule = { name: 'sign-in client', burst: 50, everyMs: 10_000 };
// Hashing is dear, and every registration hashes.
const REGISTRATIONS: AttemptRule = { name: 'registration client', burst: 60, everyMs: 10_000 };

/** How users come in. Throws MailError, RATE_LIMITED among them. */
export class SignInService {
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
    await this.take(REGISTRATIONS, clientAddress);
    const user = await users.create(email, await hashPassword(input.password));
    return sessions.open(user.id);
  }

  async signIn(input: Credentials, clientAddress: string): Promise<SessionTokens> {
    const email = normaliseEmail(input.email);
    await this.take(PER_CLIENT, clientAddress);
    await this.take(PER_EMAIL, email);
    const user = await this.options.users.findByEmail(email);
    if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) {
      throw new MailError('UNAUTHENTICATED', 'The address or the password is wrong.');
    }
    const { attempts, sessions } = this.options;
    await Promise.all([attempts.giveBack(PER_CLIENT, clientAddress), attempts.giveBack(PER_EMAIL, email)]);
    return sessions.open(user.id);
  }

  private async take(rule: AttemptRule, key: string): Promise<void> {
    const waitMs = await this.options.attempts.take(rule, key);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
  }
}
