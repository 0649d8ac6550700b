import { randomUUID } from 'node:crypto';
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

const MAX_USERS = 20_000;
const MAX_OWNERS = 100_000;

/** Caches the integrations in memory. The bus invalidates them, so a cached read makes no query. */
export class IntegrationDirectory {
  /** All integrations of a user, in the order of creation. A change drops the entry, also while it is being read. */
  private readonly users = new LRUCache<string, Promise<readonly IntegrationRecord[]>>({ max: MAX_USERS });
  /** The owner of an integration, which never changes. */
  private readonly owners = new LRUCache<string, string>({ max: MAX_OWNERS });
  /** Identifies this instance, which has already handled the changes that it reports. */
  private readonly origin = randomUUID();
  private readonly listeners = new Set<(integrationId: string | null) => void>();

  constructor(
    private readonly store: IntegrationStore,
    private readonly bus: Bus,
  ) {
    bus.subscribe(INTEGRATION_TOPIC, (payload) => {
      const change = IntegrationChange.safeParse(payload);
      if (change.success && change.data.origin !== this.origin) this.forget(change.data);
    });
    bus.onGap(() => {
      this.users.clear();
      for (const fn of this.listeners) fn(null);
    });
  }

  /** Calls back with the id of each integration that changes, on any instance. Null: every integration may have changed. */
  onChanged(fn: (integrationId: string | null) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
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

  private forget(change: Pick<IntegrationRecord, 'id' | 'userId'>): void {
    this.users.delete(change.userId);
    for (const fn of this.listeners) fn(change.id);
  }

  /** Returns the user's accounts with the disconnected ones. */
  all(userId: string): Promise<readonly IntegrationRecord[]> {
    const known = this.users.get(userId);
    if (known) return known;
    const reading = this.store.ofUser(userId).then((records) => {
      for (const record of records) this.owners.set(record.id, record.userId);
      return records;
    });
    this.users.set(userId, reading);
    reading.catch(() => {
      if (this.users.get(userId) === reading) this.users.delete(userId);
    });
    return reading;
  }
}
