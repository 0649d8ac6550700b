import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Bus } from '../../platform/bus/bus.ts';
import type { IntegrationStore } from './integration.store.ts';
import type { IntegrationRecord } from './integration.ts';
import type { MailboxAddress } from './reachability.ts';

/** The bus topic on which the instances report changed integrations. */
export const INTEGRATION_TOPIC = 'integration';
/** A message of that topic. */
export const IntegrationChange = z.object({ id: z.string(), userId: z.string(), origin: z.string() });
export type IntegrationChange = z.infer<typeof IntegrationChange>;

type ChangeListener = (integrationId: string | null, userId: string | null) => void;

const MAX_USERS = 20_000;
const MAX_OWNERS = 100_000;
/** How long a change may stay unnoticed whose announcement was lost, with the process that made it or with the bus. */
const LOOK_INTERVAL_MS = 3_000;
/** How many users are compared at once. Reading all of them would hold up the requests of a large instance. */
const USERS_AT_ONCE = 500;

/**
 * Caches the integrations in memory. The bus invalidates them, so a cached read makes no query. A change is announced after
 * its transaction, so the announcement can be lost: what was read from memory, and what is followed, is compared with the
 * database within a few seconds, by one query for some hundred users.
 */
export class IntegrationDirectory {
  /** All integrations of a user, in the order of creation. A change drops the entry, also while it is being read. */
  private readonly users = new LRUCache<string, Promise<readonly IntegrationRecord[]>>({ max: MAX_USERS });
  /** The integrations of each user as they were last read. Null: the listeners were notified of a change since. */
  private readonly seen = new LRUCache<string, Map<string, IntegrationRecord | null>>({ max: MAX_USERS });
  /** The owner of an integration, which never changes. */
  private readonly owners = new LRUCache<string, string>({ max: MAX_OWNERS });
  /** Identifies this instance, which has already handled the changes that it reports. */
  private readonly origin = randomUUID();
  private readonly listeners = new Set<ChangeListener>();
  /** The users whose integrations were read from memory since the last look. */
  private readonly trusted = new Set<string>();
  /** The users whose integrations are followed, who are looked at as long as they are. */
  private readonly followed = new Map<string, FollowedUser>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly store: IntegrationStore,
    private readonly bus: Bus,
    private readonly lookIntervalMs = LOOK_INTERVAL_MS,
    private readonly usersAtOnce = USERS_AT_ONCE,
  ) {
    bus.subscribe(INTEGRATION_TOPIC, (payload) => {
      const change = IntegrationChange.safeParse(payload);
      if (change.success && change.data.origin !== this.origin) this.forget(change.data);
    });
    bus.onGap(() => {
      this.users.clear();
      this.seen.clear();
      for (const fn of this.listeners) fn(null, null);
      for (const user of this.followed.values()) user.notify();
    });
  }

  /**
   * Calls back with each integration that changes, on any instance, and its owner. Null: every integration may have changed. What was
   * not announced is found when the integrations of its owner are read again, or compared.
   */
  onChanged(fn: ChangeListener): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /**
   * Calls back when an integration of the user was connected, disconnected or changed, on any instance, and within a few
   * seconds also where no announcement of it arrives. What is read then is as new as the change.
   */
  follow(userId: string, fn: () => void): () => void {
    const user = this.followed.get(userId) ?? new FollowedUser();
    this.followed.set(userId, user);
    // A function that is given twice is called for each of the two.
    const notify = (): void => fn();
    user.listeners.add(notify);
    this.lookSoon();
    return () => {
      user.listeners.delete(notify);
      if (user.listeners.size === 0 && this.followed.get(userId) === user) this.followed.delete(userId);
    };
  }

  /** Returns the user's accounts without the disconnected ones, in the order in which they were first connected. */
  async forUser(userId: string): Promise<readonly IntegrationRecord[]> {
    return (await this.all(userId)).filter((record) => record.status !== 'DISCONNECTED');
  }

  /** Returns the user's integration, with any status. Returns null for an integration of another user. */
  async find(userId: string, integrationId: string): Promise<IntegrationRecord | null> {
    return (await this.all(userId)).find((record) => record.id === integrationId) ?? null;
  }

  /** Returns the integration of any user. Never call it with an id from a client. */
  async get(integrationId: string): Promise<IntegrationRecord | null> {
    const userId = this.owners.get(integrationId) ?? (await this.store.ownerOf(integrationId));
    return userId ? this.find(userId, integrationId) : null;
  }

  /** Returns the mailbox of the integration, with any status. */
  async mailbox(integrationId: string): Promise<MailboxAddress | null> {
    const record = await this.get(integrationId);
    return record && { provider: record.provider, address: record.address.toLowerCase() };
  }

  /** Returns every CONNECTED integration of every user, by a query. */
  connected(): Promise<readonly IntegrationRecord[]> {
    return this.store.inStatus('CONNECTED');
  }

  /** Returns every integration with the status ERROR, by a query. */
  inError(): Promise<readonly IntegrationRecord[]> {
    return this.store.inStatus('ERROR');
  }

  /** Call it after each committed change: it invalidates the cache here at once, and on every other instance soon. */
  async changed(record: Pick<IntegrationRecord, 'id' | 'userId'>): Promise<void> {
    this.forget(record);
    await this.bus.publish(INTEGRATION_TOPIC, {
      id: record.id,
      userId: record.userId,
      origin: this.origin,
    });
  }

  /** Reads the integrations of a user again when they are next asked for. Nothing is known to have changed. */
  refresh(userId: string): void {
    this.users.delete(userId);
  }

  private forget(change: Pick<IntegrationRecord, 'id' | 'userId'>): void {
    this.users.delete(change.userId);
    this.seen.get(change.userId)?.set(change.id, null);
    this.notify(change);
  }

  private notify({ id, userId }: Pick<IntegrationRecord, 'id' | 'userId'>): void {
    for (const fn of this.listeners) fn(id, userId);
    this.followed.get(userId)?.notify();
  }

  /** Returns the integrations that are not as they were when they were last read, although nothing has announced a change of them. */
  private unannounced(userId: string, records: readonly IntegrationRecord[]): readonly string[] {
    const before = this.seen.get(userId);
    const after = new Map<string, IntegrationRecord | null>(records.map((record) => [record.id, record]));
    this.seen.set(userId, after);
    if (!before) return [];
    const ids = [...new Set([...before.keys(), ...after.keys()])];
    return ids.filter((id) => before.get(id) !== null && stateOf(after.get(id)) !== stateOf(before.get(id)));
  }

  /** Returns the user's accounts with the disconnected ones. */
  all(userId: string): Promise<readonly IntegrationRecord[]> {
    const known = this.users.get(userId);
    if (known) {
      this.trusted.add(userId);
      this.lookSoon();
      return known;
    }
    const reading = this.store.ofUser(userId).then((records) => {
      for (const record of records) this.owners.set(record.id, record.userId);
      // What was asked for before a change is not read from memory, and says nothing about it.
      if (this.users.get(userId) === reading)
        for (const id of this.unannounced(userId, records)) this.notify({ id, userId });
      return records;
    });
    this.users.set(userId, reading);
    reading.catch(() => {
      if (this.users.get(userId) === reading) this.users.delete(userId);
    });
    return reading;
  }

  private lookSoon(): void {
    this.timer ??= setTimeout(() => {
      void this.look().finally(() => {
        this.timer = null;
        if (this.trusted.size > 0 || this.followed.size > 0) this.lookSoon();
      });
    }, this.lookIntervalMs).unref();
  }

  /** Compares the users whose integrations were read from memory or are followed. Never rejects. */
  private async look(): Promise<void> {
    const userIds = [...new Set([...this.trusted, ...this.followed.keys()])];
    this.trusted.clear();
    for (let start = 0; start < userIds.length; start += this.usersAtOnce) {
      if (start > 0) await turn();
      await this.compare(userIds.slice(start, start + this.usersAtOnce));
    }
  }

  /** Forgets each integration that is not as it was read. Never rejects. */
  private async compare(userIds: readonly string[]): Promise<void> {
    const known = new Map(userIds.map((userId) => [userId, this.users.get(userId)]));
    try {
      const now = await this.store.ofUsers([...known.keys()]);
      for (const [userId, reading] of known) {
        await reading;
        const after = now.get(userId) ?? [];
        // Where it has changed since, it is read again anyway.
        if (this.users.get(userId) === reading)
          for (const id of this.unannounced(userId, after)) this.forget({ id, userId });
        // What is in memory may be newer than what a follower was called back for, so both are compared.
        this.followed.get(userId)?.found(after);
      }
    } catch {
      // It is not known what has changed, so it is read again when it is next asked for.
      for (const userId of known.keys()) this.users.delete(userId);
    }
  }
}

/** What a change of an integration alters. The times of its mail change without one. */
const stateOf = (record: IntegrationRecord | null | undefined): string =>
  JSON.stringify(record && { ...record, lastEventAt: null, lastReconciledAt: null });

/** A user whose integrations are followed. */
class FollowedUser {
  readonly listeners = new Set<() => void>();
  /** The integrations that the last look has found. Null before the first. */
  private seen: string | null = null;

  readonly notify = (): void => {
    for (const fn of this.listeners) fn();
  };

  found(records: readonly IntegrationRecord[]): void {
    const seen = JSON.stringify(records.map(({ id, status }) => [id, status]));
    if (seen === this.seen) return;
    this.seen = seen;
    this.notify();
  }
}
