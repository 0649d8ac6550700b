import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { MailError } from '../../domain/error.ts';
import type { Database } from '../../platform/database/database.ts';
import { isUniqueViolation } from '../../platform/database/store/store.error.ts';

interface UserRecord {
  readonly id: string;
  /** In lower case. */
  readonly email: string;
  readonly passwordHash: string;
}

const MAX_EMAILS = 20_000;

export class UserStore {
  /** The addresses by user id. An address never changes. */
  private readonly emails = new LRUCache<string, string>({ max: MAX_EMAILS });

  constructor(private readonly db: Database) {}

  findByEmail(email: string): Promise<UserRecord | null> {
    return this.db.prisma.user.findUnique({ where: { email } });
  }

  /** Returns null when there is no such user. */
  async emailOf(userId: string): Promise<string | null> {
    const known = this.emails.get(userId);
    if (known) return known;
    const user = await this.db.prisma.user.findUnique({ where: { id: userId }, select: { email: true } });
    if (!user) return null;
    this.emails.set(userId, user.email);
    return user.email;
  }

  /** Throws CONFLICT when the address is taken. */
  async create(email: string, passwordHash: string): Promise<UserRecord> {
    try {
      return await this.db.prisma.user.create({ data: { id: randomUUID(), email, passwordHash } });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new MailError('CONFLICT', 'There is already a user with this address: sign in instead.', {
        field: ['input', 'email'],
      });
    }
  }
}
