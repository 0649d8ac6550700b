import type { Socket } from 'node:net';
import { type Progress, unreadBytes } from './unread.ts';

/** The events of subscriptions wait for each other and not for queries that a slow provider holds up. */
export type Lane = 'request' | 'event';

/** Permission to execute one operation (one event of a subscription). It ends when the response has been written to the socket. */
export interface OperationSlot {
  /** The estimated size of the response, in bytes. Until it is known the operation keeps its place, however slow it is. */
  expect(bytes: number): void;
  /** How long its client may read nothing, in milliseconds, before the connection is closed. */
  mayStall(ms: number): void;
  end(): void;
}

/** One operation that has begun. */
export interface RunningOperation {
  readonly lane: Lane;
  /** Null: not known. */
  expected: number | null;
  /** It has had its place for longer than `slowAfterMs`. */
  isSlow: boolean;
}

export interface Waiter {
  readonly lane: Lane;
  readonly resolve: (slot: OperationSlot | null) => void;
}

/** A connection that has asked to execute an operation. */
export interface ClientConnection {
  readonly socket: Socket;
  readonly progress: Progress;
  owner: Owner;
  readonly running: Record<Lane, number>;
  /** Slow operations that still have their place, the first first. */
  readonly slow: Set<RunningOperation>;
  /** Operations that have left their place and are not over. */
  left: number;
  /** Bytes that are expected of those. */
  expected: number;
  /** After how long without progress it is closed. */
  sendTimeoutMs: number;
  waiting: Waiter[];
  closeConnection: () => void;
}

/** A user, with the connections that are known to be the user's. */
export interface Owner {
  readonly key: unknown;
  readonly connections: Set<ClientConnection>;
  readonly running: Record<Lane, number>;
  expected: number;
}

export const isIdle = ({ waiting, running, left }: ClientConnection): boolean =>
  waiting.length === 0 && running.request === 0 && running.event === 0 && left === 0;

export function unreadOf(owner: Owner | undefined): number {
  let bytes = 0;
  for (const { socket } of owner?.connections ?? []) bytes += unreadBytes(socket);
  return bytes;
}

/** Another connection of the same user waits, and this one has something that it could wait for. */
export function isContended(connection: ClientConnection): boolean {
  for (const other of connection.owner.connections) if (other !== connection && other.waiting.length > 0) return true;
  return false;
}
