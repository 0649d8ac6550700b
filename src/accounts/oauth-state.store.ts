import type { Database } from '../platform/database.ts';
import type { Access } from '../providers/connect.ts';

export interface OAuthStateRecord {
  readonly hash: string;
  readonly userId: string;
  readonly provider: string;
  readonly access: Access;
  readonly redirectUri: string | null;
  /** Sealed. */
  readonly codeVerifier: Uint8Array<ArrayBuffer>;
  readonly expiresAt: Date;
}

export class OAuthStateStore {
  constructor(private readonly db: Database) {}

  /** Also clears away what has expired. */
  async create(state: OAuthStateRecord, now: Date): Promise<void> {
    await this.db.prisma.oAuthState.deleteMany({ where: { expiresAt: { lt: now } } });
    await this.db.prisma.oAuthState.create({ data: state });
  }

  /** Uses the state up. Null when it is unknown, expired, or was used before: of two that come at once, one gets it. */
  async consume(hash: string, now: Date): Promise<OAuthStateRecord | null> {
    const [row] = await this.db.prisma.oAuthState.updateManyAndReturn({
      where: { hash, usedAt: null, expiresAt: { gt: now } },
      data: { usedAt: now },
    });
    return row ? { ...row, access: row.access as Access } : null;
  }
}
