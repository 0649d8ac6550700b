import { LRUCache } from 'lru-cache';
import type { DatedRead, ReadState } from '../../domain/dated-read.ts';
import { timeLimited } from '../../platform/abort.ts';
import type { UserRevisionStore } from './user-revision.store.ts';

interface UserRevisionsOptions {
  readonly store: Pick<UserRevisionStore, 'read'>;
  /** The cached rows of a user. They are read again after each new revision, so that they are never older than it. */
  readonly directory: {
    onChanged(fn: (integrationId: string | null, userId: string | null) => void): () => void;
    refresh(userId: string): void;
  };
  /** See Bus. */
  readonly bus: { readonly isConnected: boolean };
  readonly now?: () => number;
}

/**
 * How long a revision is believed without a query. It bounds how long an answer may be given after a write that no message on
 * the bus has announced to this instance.
 */
const REVISION_LEASE_MS = 1_000;
/** How long a request waits for the query. After a failure nobody waits for as long as the lease. */
const QUERY_TIMEOUT_MS = 250;
const MAX_USERS = 20_000;

/** The last known revision of a user. */
interface KnownRevision {
  readonly revision: string;
  readonly read: RevisionRead;
  leaseEndsAt: number;
  isRenewing: boolean;
}

/** The queries of one turn are one query. */
interface Batch {
  readonly userIds: Set<string>;
  readonly done: Promise<void>;
}

/**
 * Dates what is shown of a user's own rows: everything but mail. A write is noticed by what the directory hears of it, by the
 * mutations on this instance (`changed`), and otherwise within `REVISION_LEASE_MS`, which is renewed in the background while
 * somebody reads.
 */
export class UserRevisions {
  private readonly users = new LRUCache<string, KnownRevision>({
    max: MAX_USERS,
    dispose: ({ read }) => read.end(),
  });
  /** For each running query, the users who have changed since it began: its result may be older than that. */
  private readonly changedDuring = new Set<Set<string>>();
  private batch: Batch | null = null;
  private askAgainAt = Number.NEGATIVE_INFINITY;
  private readonly listeners = new Set<(userId: string) => void>();
  private readonly stop: () => void;
  private readonly now: () => number;

  constructor(private readonly options: UserRevisionsOptions) {
    this.now = options.now ?? (() => performance.now());
    this.stop = options.directory.onChanged((_integrationId, userId) => this.changed(userId));
  }

  /**
   * Returns the read of what is now in the user's rows. Call it before they are read. Null: it is not known, because the
   * database does not answer soon.
   */
  async read(userId: string): Promise<DatedRead | null> {
    if (!this.users.has(userId)) await this.query(userId);
    return this.users.get(userId)?.read ?? null;
  }

  /** Something of the user has changed, or is about to. Null: of every user. */
  changed(userId: string | null): void {
    if (userId === null) {
      for (const id of [...this.users.keys()]) this.changed(id);
      return;
    }
    for (const changed of this.changedDuring) changed.add(userId);
    this.users.delete(userId);
    for (const fn of this.listeners) fn(userId);
  }

  /** Calls back with each user whose answers have become outdated. */
  onChanged(fn: (userId: string) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  close(): void {
    this.stop();
    this.users.clear();
  }

  private isCurrent(userId: string): boolean {
    const known = this.users.get(userId);
    const left = (known?.leaseEndsAt ?? 0) - this.now();
    if (!known || left <= 0 || !this.options.bus.isConnected) return false;
    // A user who reads renews the lease in the background, so that no request waits for it.
    if (left < REVISION_LEASE_MS / 2 && !known.isRenewing) {
      known.isRenewing = true;
      void this.query(userId).then(() => {
        known.isRenewing = false;
      });
    }
    return true;
  }

  /** Asks the database for the revision. The query begins after this call. Never rejects. */
  private async query(userId: string): Promise<void> {
    if (this.now() < this.askAgainAt) return this.changed(userId);
    if (!this.batch) {
      const userIds = new Set<string>();
      this.batch = { userIds, done: Promise.resolve().then(() => this.run(userIds)) };
    }
    this.batch.userIds.add(userId);
    return this.batch.done;
  }

  private async run(userIds: ReadonlySet<string>): Promise<void> {
    this.batch = null;
    const askedAt = this.now();
    const changed = new Set<string>();
    this.changedDuring.add(changed);
    try {
      const late = () => new Error('The revisions of users could not be read in time.');
      const revisions = await timeLimited(this.options.store.read([...userIds]), QUERY_TIMEOUT_MS, late);
      for (const [userId, revision] of revisions)
        if (!changed.has(userId)) this.learn(userId, revision, askedAt + REVISION_LEASE_MS);
    } catch {
      // Without the database it is not known what has changed.
      this.askAgainAt = this.now() + REVISION_LEASE_MS;
      for (const userId of userIds) this.changed(userId);
    } finally {
      this.changedDuring.delete(changed);
    }
  }

  private learn(userId: string, revision: string, leaseEndsAt: number): void {
    const known = this.users.get(userId);
    if (known?.revision === revision) {
      known.leaseEndsAt = Math.max(known.leaseEndsAt, leaseEndsAt);
      return;
    }
    if (known) this.changed(userId);
    // The message that announces this write may still be on its way, or be lost.
    this.options.directory.refresh(userId);
    const read = new RevisionRead(
      userId,
      () => this.isCurrent(userId),
      () => this.query(userId),
    );
    this.users.set(userId, { revision, read, leaseEndsAt, isRenewing: false });
  }
}

/** What was read of a user's rows at one revision. */
class RevisionRead implements DatedRead {
  readonly key: string;
  hasChanged = false;

  constructor(
    userId: string,
    private readonly isCurrent: () => boolean,
    private readonly query: () => Promise<void>,
  ) {
    this.key = `user ${userId}`;
  }

  get state(): ReadState {
    if (this.hasChanged) return 'changed';
    return this.isCurrent() ? 'unchanged' : 'unconfirmed';
  }

  async confirm(): Promise<'unchanged' | 'changed'> {
    if (!this.hasChanged) await this.query();
    return this.hasChanged ? 'changed' : 'unchanged';
  }

  end(): void {
    this.hasChanged = true;
  }
}
