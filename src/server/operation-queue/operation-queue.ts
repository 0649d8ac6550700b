import type { Socket } from 'node:net';
import {
  type ClientConnection,
  hasRoom,
  isContended,
  isIdle,
  type Lane,
  type OperationSlot,
  type Owner,
  type RunningOperation,
  unreadOf,
  type Waiter,
} from './client-connection.ts';
import { OPERATION_QUEUE_LIMITS, type OperationQueueLimits } from './operation-queue.limits.ts';
import { Progress, unreadBytes } from './unread.ts';

/** The number of times that connections are checked within the shorter time-out. */
const SWEEPS = 5;

/**
 * The share of the bytes of a connection that one slow operation reserves at most, so that a few of the largest fit.
 */
const MAX_SHARE = 0.25;
/** The bytes that a running operation needs beside its response. */
const MIN_EXPECTED_BYTES = 64 * 1024;

/**
 * Decides which operations may run. Each connection and each user has a maximum number of running operations, and none
 * starts while more response bytes than the limit are unread. For a client that does not read, the gateway therefore
 * holds no more than the limit and the responses of the few operations that were running. Other operations wait as the
 * small requests that they are, and continue as the client reads on. A connection on which nothing is read for too long
 * is closed.
 *
 * A slow operation waits for a provider and holds little, and others must not wait for that provider too. So it leaves
 * its slot, as long as the expected responses of such operations fit into the same byte limits.
 */
export class OperationQueue {
  private readonly connections = new Map<Socket, ClientConnection>();
  private readonly owners = new Map<unknown, Owner>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly sweepMs: number;
  /** The time in milliseconds in which the connections could be written to, up to the last sweep. */
  private now = 0;
  private sweptAt = performance.now();

  constructor(private readonly limits: OperationQueueLimits = OPERATION_QUEUE_LIMITS) {
    this.sweepMs = Math.min(limits.sendTimeoutMs, limits.contendedTimeoutMs) / SWEEPS;
    this.sweeper = setInterval(() => this.sweep(), this.sweepMs).unref();
  }

  /**
   * Waits until one operation of a connection may be executed. If `user` is null, only the limits of the connection
   * apply. Returns null if the connection closed meanwhile, or if it waited `timeoutMs` for other connections of the
   * user.
   */
  begin(
    socket: Socket,
    user: string | null,
    { lane = 'request' as Lane, timeoutMs = 0 } = {},
  ): Promise<OperationSlot | null> {
    if (socket.destroyed) return Promise.resolve(null);
    const slot = this.beginNow(socket, user, lane);
    if (slot) return Promise.resolve(slot);
    const connection = this.connectionOf(socket, user ?? socket);
    return new Promise((resolve) => {
      const waiter: Waiter = { lane, resolve };
      connection.waiting.push(waiter);
      connection.owner.queue.add(connection);
      this.serve(connection.owner);
      if (timeoutMs === 0 || !connection.waiting.includes(waiter)) return;
      this.refuseLater(connection, waiter, timeoutMs);
    });
  }

  /** The same for an operation that need not wait. Null: it has to. */
  beginNow(socket: Socket, user: string | null, lane: Lane): OperationSlot | null {
    if (socket.destroyed) return null;
    const connection = this.connectionOf(socket, user ?? socket);
    const isFirst = !connection.waiting.some((waiter) => waiter.lane === lane);
    if (!isFirst || this.isFull(connection.owner, lane) || !this.admits(connection, lane)) return null;
    return this.start(connection, lane);
  }

  /** Whether a response may be written that needs no execution, and so no slot: it only adds to what is unread. */
  hasRoom(socket: Socket, user: string | null): boolean {
    if (socket.destroyed || unreadBytes(socket) >= this.limits.socketBytes) return false;
    return hasRoom(this.connectionOf(socket, user ?? socket).owner, this.limits.userBytes);
  }

  /**
   * Refuses a waiting operation after the time-out. It is not refused while its own connection has running operations,
   * because it then waits for that connection itself.
   */
  private refuseLater(connection: ClientConnection, waiter: Waiter, timeoutMs: number): void {
    setTimeout(() => {
      if (!connection.waiting.includes(waiter)) return;
      if (connection.running[waiter.lane] > 0) return this.refuseLater(connection, waiter, timeoutMs);
      connection.waiting = connection.waiting.filter((other) => other !== waiter);
      if (connection.waiting.length === 0) connection.owner.queue.delete(connection);
      waiter.resolve(null);
    }, timeoutMs).unref();
  }

  /** Sets the function that closes a connection whose client does not read. Otherwise the socket is destroyed. */
  onStalled(socket: Socket, hangUp: () => void): void {
    if (!socket.destroyed) this.connectionOf(socket, socket).closeConnection = hangUp;
  }

  /** Call it when a client has read something, so that waiting operations can start. */
  drained(socket: Socket): void {
    const connection = this.connections.get(socket);
    if (connection) this.serve(connection.owner);
  }

  /** Returns the bytes that wait on all connections of a user. */
  unreadOf(user: string): number {
    return unreadOf(this.owners.get(user));
  }

  close(): void {
    clearInterval(this.sweeper);
  }

  private connectionOf(socket: Socket, key: unknown): ClientConnection {
    const known = this.connections.get(socket);
    if (known) {
      // A proxy sends the requests of many users over one connection, one after the other.
      if (known.owner.key !== key && isIdle(known)) this.move(known, key);
      return known;
    }
    const owner = this.owner(key);
    const connection: ClientConnection = {
      socket,
      owner,
      progress: new Progress(socket, this.now),
      running: { request: 0, event: 0 },
      slow: new Set(),
      left: 0,
      expected: 0,
      sendTimeoutMs: this.limits.sendTimeoutMs,
      waiting: [],
      closeConnection: () => socket.destroy(),
    };
    owner.connections.add(connection);
    this.connections.set(socket, connection);
    socket.once('close', () => this.leave(connection));
    return connection;
  }

  private owner(key: unknown): Owner {
    const known = this.owners.get(key);
    if (known) return known;
    const owner: Owner = {
      key,
      connections: new Set(),
      running: { request: 0, event: 0 },
      expected: 0,
      queue: new Set(),
      slow: 0,
      counted: { bytes: 0, begun: 0 },
    };
    this.owners.set(key, owner);
    return owner;
  }

  private move(connection: ClientConnection, key: unknown): void {
    const previous = connection.owner;
    connection.owner = this.owner(key);
    connection.owner.connections.add(connection);
    this.remove(connection, previous);
  }

  private leave(connection: ClientConnection): void {
    this.connections.delete(connection.socket);
    const { owner, waiting, running } = connection;
    owner.running.request -= running.request;
    owner.running.event -= running.event;
    owner.expected -= connection.expected;
    running.request = 0;
    running.event = 0;
    connection.left = 0;
    connection.expected = 0;
    owner.slow -= connection.slow.size;
    connection.slow.clear();
    connection.waiting = [];
    owner.queue.delete(connection);
    this.remove(connection, owner);
    for (const { resolve } of waiting) resolve(null);
    this.serve(owner);
  }

  private remove(connection: ClientConnection, owner: Owner): void {
    owner.connections.delete(connection);
    if (owner.connections.size === 0) this.owners.delete(owner.key);
  }

  /**
   * Starts the operations that may start. Connections take turns, so that one with many requests does not keep the
   * others waiting.
   */
  private serve(owner: Owner): void {
    const { queue } = owner;
    if (queue.size === 0) return;
    for (const lane of ['request', 'event'] as const) {
      for (const connection of queue) {
        if (this.isFull(owner, lane)) break;
        const next = connection.waiting.find((waiter) => waiter.lane === lane);
        if (!next || !this.admits(connection, lane)) continue;
        connection.waiting.splice(connection.waiting.indexOf(next), 1);
        // Iterating a Set also visits entries that are added meanwhile, and this moves the connection to its end.
        queue.delete(connection);
        if (connection.waiting.length > 0) queue.add(connection);
        next.resolve(this.start(connection, lane));
      }
    }
  }

  /** Whether no operation of the user may start, on whichever connection. */
  private isFull(owner: Owner, lane: Lane): boolean {
    const { userBytes, userRunning } = this.limits;
    return !hasRoom(owner, userBytes) || (owner.running[lane] >= userRunning && owner.slow === 0);
  }

  private admits(connection: ClientConnection, lane: Lane): boolean {
    const { socket, owner, running } = connection;
    if (unreadBytes(socket) >= this.limits.socketBytes) return false;
    return (
      (running[lane] < this.limits.socketRunning || this.makesRoom(connection, lane)) &&
      (owner.running[lane] < this.limits.userRunning ||
        [...owner.connections].some((other) => this.makesRoom(other, lane)))
    );
  }

  /** Takes the slot from a slow operation of the connection, if one may leave it. */
  private makesRoom(connection: ClientConnection, lane: Lane): boolean {
    const { owner, slow } = connection;
    const { socketBytes, userBytes } = this.limits;
    for (const run of slow) {
      if (run.lane !== lane || run.expected === null) continue;
      const { expected } = run;
      if (unreadBytes(connection.socket) + connection.expected + expected > socketBytes) continue;
      if (unreadOf(owner) + owner.expected + expected > userBytes) continue;
      slow.delete(run);
      owner.slow--;
      connection.running[lane]--;
      owner.running[lane]--;
      connection.left++;
      connection.expected += expected;
      owner.expected += expected;
      return true;
    }
    return false;
  }

  private start(connection: ClientConnection, lane: Lane): OperationSlot {
    const { owner } = connection;
    const { socketBytes, socketRunning, slowAfterMs } = this.limits;
    const run: RunningOperation = { lane, expected: null, isSlow: false };
    connection.running[lane]++;
    owner.running[lane]++;
    const becomeSlow = () => {
      if (this.connections.get(connection.socket) !== connection) return;
      run.isSlow = true;
      connection.slow.add(run);
      owner.slow++;
      this.serve(owner);
    };
    // If a provider hangs, the operations behind it must not become slow one after the other, each after the full time.
    const timer = setTimeout(becomeSlow, slowAfterMs / (1 + connection.left / socketRunning)).unref();
    let isOver = false;
    return {
      expect: (bytes) => {
        run.expected ??= Math.min(Math.max(bytes, MIN_EXPECTED_BYTES), socketBytes * MAX_SHARE);
      },
      mayStall: (ms) => {
        connection.sendTimeoutMs = ms;
      },
      end: () => {
        clearTimeout(timer);
        if (isOver || this.connections.get(connection.socket) !== connection) return;
        isOver = true;
        connection.sendTimeoutMs = this.limits.sendTimeoutMs;
        const isSlow = connection.slow.delete(run);
        if (isSlow) owner.slow--;
        const hasSlot = !run.isSlow || isSlow;
        if (hasSlot) {
          connection.running[lane]--;
          owner.running[lane]--;
        } else {
          connection.left--;
          connection.expected -= run.expected ?? 0;
          owner.expected -= run.expected ?? 0;
        }
        this.serve(owner);
      },
    };
  }

  private sweep(): void {
    const sweptAt = performance.now();
    // While this process was blocked, nobody could read from it, so that time counts against no client.
    this.now += Math.min(sweptAt - this.sweptAt, 2 * this.sweepMs);
    this.sweptAt = sweptAt;
    for (const connection of this.connections.values()) {
      const stalledMs = connection.progress.stalledMs(this.now);
      const limit = isContended(connection) ? this.limits.contendedTimeoutMs : connection.sendTimeoutMs;
      if (stalledMs >= limit) connection.closeConnection();
    }
    for (const owner of this.owners.values()) this.serve(owner);
  }
}
