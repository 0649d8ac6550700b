import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Bus } from '../../platform/bus/bus.ts';
import type { IntegrationStore } from './integration.store.ts';
import type { IntegrationRecord } from './integration.ts';
import type { MailboxAddress } from './reachability.ts';

/** The bus topic on which a changed integration is told. */
export const INTEGRATION_TOPIC = 'integration';
/** What travels on it. */
export const IntegrationChange = z.object({ id: z.string(), userId: z.string(), origin: z.string() });
export type IntegrationChange = z.infer<typeof IntegrationChange>;

const MAX_USERS = 20_000;
const MAX_OWNERS = 100_000;

/** Integrations in memory, read on demand and kept honest over the bus: no query on the warm path. */
export class IntegrationDirectory {
  /** Everything a user has, in order of creation. A change drops the entry, also one that is still being read. */
  private readonly users = new LRUCache<string, Promise<readonly IntegrationRecord[]>>({ max: MAX_USERS });
  /** An integration never changes hands; one that is not known is looked up. */
  private readonly owners = new LRUCache<string, string>({ max: MAX_OWNERS });
  /** What this instance told itself has been heard. */
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

  /** Calls back with each integration that changed, here or elsewhere; null: any may have. */
  onChanged(fn: (integrationId: string | null) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /** The user's accounts but those that were disconnected, in the order they were first connected. */
  async forUser(userId: string): Promise<readonly IntegrationRecord[]> {
    return (await this.all(userId)).filter((record) => record.status !== 'DISCONNECTED');
  }

  /** One of the user's own, whatever its status; null also when it is somebody else's. */
  async find(userId: string, integrationId: string): Promise<IntegrationRecord | null> {
    return (await this.all(userId)).find((record) => record.id === integrationId) ?? null;
  }

  /** Of any user: never call this with an id from a client. */
  async get(integrationId: string): Promise<IntegrationRecord | null> {
    const userId = this.owners.get(integrationId) ?? (await this.store.ownerOf(integrationId));
    return userId ? this.find(userId, integrationId) : null;
  }

  /** The account at the provider that it stands for, whatever its status. */
  async mailbox(integrationId: string): Promise<MailboxAddress | null> {
    const record = await this.get(integrationId);
    return record && { provider: record.provider, address: record.address.toLowerCase() };
  }

  /** Every CONNECTED integration of every user: a query. */
  connected(): Promise<readonly IntegrationRecord[]> {
    return this.store.inStatus('CONNECTED');
  }

  /** Those that rest until somebody else than their owners has mended what is wrong: a query. */
  inError(): Promise<readonly IntegrationRecord[]> {
    return this.store.inStatus('ERROR');
  }

  /** To be called after each change that was committed: forgets here at once, and on every other instance. */
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

  /** Also those that were disconnected. */
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
