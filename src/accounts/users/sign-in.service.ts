import { normaliseEmail } from '../../domain/address.ts';
import { MailError } from '../../domain/error.ts';
import { clientNetwork } from '../../platform/client-network.ts';
import { tooManyAttempts } from './attempt.limiter.ts';
import type { AttemptRule, AttemptStore, CountedAttempt } from './attempt.store.ts';
import { isInvited } from './invitation.ts';
import { hashPassword, requireGoodPassword, verifyPassword } from './password.ts';
import type { SessionService, SessionTokens } from './session.service.ts';
import type { UserStore } from './user.store.ts';

interface SignInOptions {
  readonly users: UserStore;
  readonly sessions: SessionService;
  readonly attempts: Pick<AttemptStore, 'takeAll' | 'giveBackAll' | 'remember' | 'isRemembered'>;
  readonly registration: 'open' | 'invite' | 'off';
  /** Signs invitations too. */
  readonly jwtSecret: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/**
 * Only failures count: a successful sign-in takes its attempts back. They count by address and client together, so that the
 * wrong passwords of a stranger do not lock out the owner (OWASP Authentication Cheat Sheet, account lockout). They also
 * count by address alone, with a much higher limit, against guessing from many clients.
 */
export const PER_EMAIL_AND_CLIENT: AttemptRule = { name: 'sign-in email and client', burst: 10, everyMs: 60_000 };
export const PER_EMAIL: AttemptRule = { name: 'sign-in email, any client', burst: 200, everyMs: 10_000 };
/** A client from which the user has signed in is exempt from the limit over all clients. */
const KNOWN_CLIENT = 'signed-in email and client';
const KNOWN_CLIENT_LIFETIME_MS = 90 * 86_400_000;
export const PER_CLIENT: AttemptRule = { name: 'sign-in client', burst: 50, everyMs: 10_000 };
// Every registration hashes a password, which is expensive.
const REGISTRATIONS: AttemptRule = { name: 'registration client', burst: 60, everyMs: 10_000 };

/** Registers users and signs them in. Throws MailError, also RATE_LIMITED. */
export class SignInService {
  constructor(private readonly options: SignInOptions) {}

  async register(input: Credentials & { invite: string | null }, clientAddress: string): Promise<SessionTokens> {
    const { registration, jwtSecret, users, sessions, attempts } = this.options;
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
    const client = clientNetwork(clientAddress);
    await this.count([[REGISTRATIONS, client]]);
    const user = await users.create(email, await hashPassword(input.password));
    await attempts.remember(KNOWN_CLIENT, attemptKey(email, client), KNOWN_CLIENT_LIFETIME_MS);
    return sessions.open(user.id);
  }

  async signIn(input: Credentials, clientAddress: string): Promise<SessionTokens> {
    const { attempts, sessions } = this.options;
    const email = normaliseEmail(input.email);
    const client = clientNetwork(clientAddress);
    const both = attemptKey(email, client);
    const counted: CountedAttempt[] = [
      [PER_CLIENT, client],
      [PER_EMAIL_AND_CLIENT, both],
    ];
    if (!(await attempts.isRemembered(KNOWN_CLIENT, both))) counted.push([PER_EMAIL, email]);
    await this.count(counted);
    const user = await this.options.users.findByEmail(email);
    if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) {
      throw new MailError('UNAUTHENTICATED', 'The address or the password is wrong.');
    }
    await Promise.all([attempts.giveBackAll(counted), attempts.remember(KNOWN_CLIENT, both, KNOWN_CLIENT_LIFETIME_MS)]);
    return sessions.open(user.id);
  }

  private async count(counted: readonly CountedAttempt[]): Promise<void> {
    const waitMs = await this.options.attempts.takeAll(counted);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
  }
}

/** JSON, so that two different pairs never give the same key. */
const attemptKey = (email: string, client: string): string => JSON.stringify([email, client]);
