import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { PrismaClient } from '../prisma/client.ts';

/** One database, embedded or a server: the same schema, the same migrations, the same notifications. */
export interface Database {
  readonly prisma: PrismaClient;
  readonly kind: 'pglite' | 'postgres';
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
  /** Calls back with each payload that any instance sends on the channel (lower case letters and _); returns how to stop. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  /** Notifies every listener of every instance, including this one. The payload has at most 7,900 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Called when a lost listening connection is back: notifications in the meantime are lost. */
  onGap(fn: () => void): () => void;
  /** For a library that brings its own SQL: one statement, or a script where there are no values. */
  execute(sql: string, values?: unknown[]): Promise<{ rows: Row[] }>;
  /**
   * Runs the work of one request, which calls `end` when it is answered: each statement has less time than in the background,
   * and all of them together have a limit, unless the request is a file that is `streamed`.
   */
  limited<T>(work: (end: () => void) => T, options?: { readonly streamed: boolean }): T;
  /** Runs `work` while no other instance runs under the same name; the others wait. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Connections of its own for the schema engine; the caller who connects must dispose. */
  migrationAdapter(): SqlMigrationAwareDriverAdapterFactory;
}

export type Row = Record<string, unknown>;

/** A database that cannot be used: the message is one line for the person who started the process. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** Slightly less than the payload limit of NOTIFY. */
export const MAX_PAYLOAD_BYTES = 7_900;
