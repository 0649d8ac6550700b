import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { PrismaClient } from '../prisma/client.ts';

/** A database, embedded or on a server. Both have the same schema, migrations and notifications. */
export interface Database {
  readonly prisma: PrismaClient;
  readonly kind: 'pglite' | 'postgres';
  /** Rejects if the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
  /**
   * Calls back with each payload that any instance sends on the channel, whose name has lower-case letters and _ only.
   * Returns the function that stops it.
   */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  /** Notifies every listener of every instance, including this one. The payload has at most 7,900 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Calls back when a lost listening connection is back. Notifications that were sent in between are lost. */
  onGap(fn: () => void): () => void;
  /** False while notifications of other instances do not arrive. */
  readonly isListening: boolean;
  /** Executes SQL for a library that brings its own: one statement, or a script if there are no values. */
  execute(sql: string, values?: unknown[]): Promise<{ rows: Row[] }>;
  /**
   * Runs the work of one request, which calls `end` when it is answered. Each statement has less time than in the
   * background, and all of them together have a limit, unless the request streams a file.
   */
  limited<T>(work: (end: () => void) => T, options?: { readonly streamed: boolean }): T;
  /** Runs `work` while no other instance runs work under the same name. The others wait. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Returns an adapter with connections of its own for the schema engine. The caller that connects must dispose of
   * them.
   */
  migrationAdapter(): SqlMigrationAwareDriverAdapterFactory;
}

export type Row = Record<string, unknown>;

/** The database cannot be used. The message is one line for the person who started the process. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** Slightly less than the payload limit of NOTIFY. */
export const MAX_PAYLOAD_BYTES = 7_900;
