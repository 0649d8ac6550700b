import type { Socket } from 'node:net';
import { type Progress, unreadBytes } from './unread.ts';

/**
 * The kinds of operations that wait separately: an event of a subscription does not wait for queries that a slow
 * provider delays.
 */
export type Lane = 'request' | 'event';

/**
 * The permission to execute one operation, or one event of a subscription. It ends when the response has been written
 * to the socket.
 */
export interface OperationSlot {
  /**
   * Sets the estimated size of the response in bytes. An operation of unknown size keeps its slot, however slow it is.
   */
  expect(bytes: number): void;
  /** Sets the time in milliseconds for which its client may read nothing before the connection is closed. */
  mayStall(ms: number): void;
  end(): void;
}

/** One operation that has begun. */
export interface RunningOperation {
  readonly lane: Lane;
  /** The expected size of the response in bytes, or null if it is not known. */
  expected: number | null;
  /** True once it has had its slot for longer than `slowAfterMs`. */
  isSlow: boolean;
}

export interface Waiter {
  readonly lane: Lane;
  readonly resolve: (slot: OperationSlot | null) => void;
}

/** A connection that has requested an operation. */
export interface ClientConnection {
  readonly socket: Socket;
  readonly progress: Progress;
  owner: Owner;
  readonly running: Record<Lane, number>;
  /** The slow operations that still have their slot, the oldest first. */
  readonly slow: Set<RunningOperation>;
  /** The number of operations that have given up their slot and have not ended. */
  left: number;
  /** The bytes that are expected of those operations. */
  expected: number;
  /** The time without progress after which the connection is closed. */
  sendTimeoutMs: number;
  waiting: Waiter[];
  closeConnection: () => void;
}

/** A user, with the connections that are known to be theirs. */
export interface Owner {
  readonly key: unknown;
  readonly connections: Set<ClientConnection>;
  readonly running: Record<Lane, number>;
  expected: number;
  /** The connections on which operations wait, in the order of their turns. */
  readonly queue: Set<ClientConnection>;
  /** The number of slow operations that still have their slot. */
  slow: number;
  /** The bytes that waited on all connections when they were last counted, and how many operations have begun since. */
  readonly counted: { bytes: number; begun: number };
}

/**
 * A user with more connections than this has the bytes counted once for as many operations: to count them for each one would
 * take the square of the connections for an event that all of them receive.
 */
const MAX_COUNTED_EACH = 32;

export const isIdle = ({ waiting, running, left }: ClientConnection): boolean =>
  waiting.length === 0 && running.request === 0 && running.event === 0 && left === 0;

export function unreadOf(owner: Owner | undefined): number {
  let bytes = 0;
  for (const { socket } of owner?.connections ?? []) bytes += unreadBytes(socket);
  return bytes;
}

/** Returns whether fewer bytes wait for a user than the limit, before one more operation begins. */
export function hasRoom(owner: Owner, limit: number): boolean {
  const { connections, counted } = owner;
  counted.begun++;
  const isRecent = counted.begun < MAX_COUNTED_EACH && counted.bytes < limit;
  if (connections.size > MAX_COUNTED_EACH && isRecent) return true;
  counted.bytes = unreadOf(owner);
  counted.begun = 0;
  return counted.bytes < limit;
}

/** Returns whether another connection of the same user waits. */
export function isContended(connection: ClientConnection): boolean {
  for (const other of connection.owner.connections) if (other !== connection && other.waiting.length > 0) return true;
  return false;
}
