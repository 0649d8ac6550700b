import type { Socket } from 'node:net';
import {
  type ClientConnection,
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

/** How often connections are looked at: a part of the shorter time-out. */
const SWEEPS = 5;

/** The part of a connection's bytes that one slow operation is held for at most: a few of the largest fit in. */
const MAX_SHARE = 0.25;
/** What an operation under way takes beside its answer, in bytes. */
const MIN_EXPECTED_BYTES = 64 * 1024;

/**
 * Who may execute now. Each connection and each user has a number of operations that are executed at a time, and none
 * starts while more bytes of answers than the limit wait to be read: what is held for a client that does not read is the
 * limit, and the answers of the few operations that were under way. The others wait as the small requests that they are,
 * and go on as the client reads on. A connection on which nothing is read for too long is closed.
 *
 * What is slow waits for a provider and holds little, and others must not wait for that provider as well: it leaves its
 * place, as long as the answers that may still come of such operations fit into the same limits of bytes.
 */
export class OperationQueue {
  private readonly connections = new Map<Socket, ClientConnection>();
  private readonly owners = new Map<unknown, Owner>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly sweepMs: number;
  /** What the connections were given to be written to, up to the last sweep, in milliseconds. */
  private now = 0;
  private sweptAt = performance.now();

  constructor(private readonly limits: OperationQueueLimits = OPERATION_QUEUE_LIMITS) {
    this.sweepMs = Math.min(limits.sendTimeoutMs, limits.contendedTimeoutMs) / SWEEPS;
    this.sweeper = setInterval(() => this.sweep(), this.sweepMs).unref();
  }

  /**
   * Waits until one operation of a connection may be executed. `user` null: the connection's own limits alone hold.
   * Null when the connection closed meanwhile, or when it waited `timeoutMs` for other connections of the user.
   */
  begin(
    socket: Socket,
    user: string | null,
    { lane = 'request' as Lane, timeoutMs = 0 } = {},
  ): Promise<OperationSlot | null> {
    if (socket.destroyed) return Promise.resolve(null);
    const connection = this.connectionOf(socket, user ?? socket);
    if (!connection.waiting.some((waiter) => waiter.lane === lane) && this.admits(connection, lane))
      return Promise.resolve(this.start(connection, lane));
    return new Promise((resolve) => {
      const waiter: Waiter = { lane, resolve };
      connection.waiting.push(waiter);
      this.serve(connection.owner);
      if (timeoutMs === 0 || !connection.waiting.includes(waiter)) return;
      this.refuseLater(connection, waiter, timeoutMs);
    });
  }

  /** Of a connection whose own answers are under way nothing is refused: it is itself what the request waits for. */
  private refuseLater(connection: ClientConnection, waiter: Waiter, timeoutMs: number): void {
    setTimeout(() => {
      if (!connection.waiting.includes(waiter)) return;
      if (connection.running[waiter.lane] > 0) return this.refuseLater(connection, waiter, timeoutMs);
      connection.waiting = connection.waiting.filter((other) => other !== waiter);
      waiter.resolve(null);
    }, timeoutMs).unref();
  }

  /** How the connection is closed when its client does not read; absent: it is destroyed. */
  onStalled(socket: Socket, hangUp: () => void): void {
    if (!socket.destroyed) this.connectionOf(socket, socket).closeConnection = hangUp;
  }

  /** Something was read: see who may go on. */
  drained(socket: Socket): void {
    const connection = this.connections.get(socket);
    if (connection) this.serve(connection.owner);
  }

  /** Bytes that wait on all connections of a user. */
  unreadOf(user: string): number {
    return unreadOf(this.owners.get(user));
  }

  close(): void {
    clearInterval(this.sweeper);
  }

  private connectionOf(socket: Socket, key: unknown): ClientConnection {
    const known = this.connections.get(socket);
    if (known) {
      // A proxy sends the requests of many over one connection, one after the other.
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
    const owner: Owner = { key, connections: new Set(), running: { request: 0, event: 0 }, expected: 0 };
    this.owners.set(key, owner);
    return owner;
  }

  private move(connection: ClientConnection, key: unknown): void {
    const left = connection.owner;
    connection.owner = this.owner(key);
    connection.owner.connections.add(connection);
    this.take(connection, left);
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
    connection.slow.clear();
    connection.waiting = [];
    this.take(connection, owner);
    for (const { resolve } of waiting) resolve(null);
    this.serve(owner);
  }

  private take(connection: ClientConnection, owner: Owner): void {
    owner.connections.delete(connection);
    if (owner.connections.size === 0) this.owners.delete(owner.key);
  }

  /** Starts what may start. Connections take turns, so that one with much to ask does not keep the others waiting. */
  private serve(owner: Owner): void {
    for (const lane of ['request', 'event'] as const) {
      for (const connection of owner.connections) {
        const next = connection.waiting.find((waiter) => waiter.lane === lane);
        if (!next || !this.admits(connection, lane)) continue;
        connection.waiting.splice(connection.waiting.indexOf(next), 1);
        // A Set goes on to what is added while it is gone through: the connection is at its end again.
        owner.connections.delete(connection);
        owner.connections.add(connection);
        next.resolve(this.start(connection, lane));
      }
    }
  }

  private admits(connection: ClientConnection, lane: Lane): boolean {
    const { socket, owner, running } = connection;
    if (unreadBytes(socket) >= this.limits.socketBytes || unreadOf(owner) >= this.limits.userBytes) return false;
    return (
      (running[lane] < this.limits.socketRunning || this.makesRoom(connection, lane)) &&
      (owner.running[lane] < this.limits.userRunning ||
        [...owner.connections].some((other) => this.makesRoom(other, lane)))
    );
  }

  /** A slow operation of the connection leaves its place, if there is one that may. */
  private makesRoom(connection: ClientConnection, lane: Lane): boolean {
    const { owner, slow } = connection;
    const { socketBytes, userBytes } = this.limits;
    for (const run of slow) {
      if (run.lane !== lane || run.expected === null) continue;
      const { expected } = run;
      if (unreadBytes(connection.socket) + connection.expected + expected > socketBytes) continue;
      if (unreadOf(owner) + owner.expected + expected > userBytes) continue;
      slow.delete(run);
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
      run.isSlow = true;
      connection.slow.add(run);
      this.serve(owner);
    };
    // Where a provider hangs, those behind it must not become slow one after the other, each in its own time.
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
        const hasPlace = !run.isSlow || connection.slow.delete(run);
        if (hasPlace) {
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
    // While this process stood still nobody could take anything from it: that is held against no client.
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
