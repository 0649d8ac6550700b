import type { Socket } from 'node:net';
import {
  isContended,
  isIdle,
  type Lane,
  type Owner,
  type Run,
  type Seat,
  type Turn,
  unreadOf,
  type Waiter,
} from './seat.ts';
import { TURN_LIMITS, type TurnLimits } from './turn.limits.ts';
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
export class Turns {
  private readonly seats = new Map<Socket, Seat>();
  private readonly owners = new Map<unknown, Owner>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly sweepMs: number;
  /** What the connections were given to be written to, up to the last sweep, in milliseconds. */
  private now = 0;
  private sweptAt = performance.now();

  constructor(private readonly limits: TurnLimits = TURN_LIMITS) {
    this.sweepMs = Math.min(limits.sendTimeoutMs, limits.contendedTimeoutMs) / SWEEPS;
    this.sweeper = setInterval(() => this.sweep(), this.sweepMs).unref();
  }

  /**
   * Waits for the turn of one operation on a connection. `user` null: the connection's own limits alone hold.
   * Null when the connection closed meanwhile, or when it waited `patienceMs` for other connections of the user.
   */
  begin(socket: Socket, user: string | null, { lane = 'request' as Lane, patienceMs = 0 } = {}): Promise<Turn | null> {
    if (socket.destroyed) return Promise.resolve(null);
    const seat = this.seat(socket, user ?? socket);
    if (!seat.waiting.some((waiter) => waiter.lane === lane) && this.admits(seat, lane))
      return Promise.resolve(this.start(seat, lane));
    return new Promise((resolve) => {
      const waiter: Waiter = { lane, resolve };
      seat.waiting.push(waiter);
      this.serve(seat.owner);
      if (patienceMs === 0 || !seat.waiting.includes(waiter)) return;
      this.refuseLater(seat, waiter, patienceMs);
    });
  }

  /** Of a connection whose own answers are under way nothing is refused: it is itself what the request waits for. */
  private refuseLater(seat: Seat, waiter: Waiter, patienceMs: number): void {
    setTimeout(() => {
      if (!seat.waiting.includes(waiter)) return;
      if (seat.running[waiter.lane] > 0) return this.refuseLater(seat, waiter, patienceMs);
      seat.waiting = seat.waiting.filter((other) => other !== waiter);
      waiter.resolve(null);
    }, patienceMs).unref();
  }

  /** How the connection is closed when its client does not read; absent: it is destroyed. */
  onStalled(socket: Socket, hangUp: () => void): void {
    if (!socket.destroyed) this.seat(socket, socket).hangUp = hangUp;
  }

  /** Something was read: see who may go on. */
  drained(socket: Socket): void {
    const seat = this.seats.get(socket);
    if (seat) this.serve(seat.owner);
  }

  /** Bytes that wait on all connections of a user. */
  unreadOf(user: string): number {
    return unreadOf(this.owners.get(user));
  }

  close(): void {
    clearInterval(this.sweeper);
  }

  private seat(socket: Socket, key: unknown): Seat {
    const known = this.seats.get(socket);
    if (known) {
      // A proxy sends the requests of many over one connection, one after the other.
      if (known.owner.key !== key && isIdle(known)) this.move(known, key);
      return known;
    }
    const owner = this.owner(key);
    const seat: Seat = {
      socket,
      owner,
      progress: new Progress(socket, this.now),
      running: { request: 0, event: 0 },
      slow: new Set(),
      left: 0,
      expected: 0,
      sendTimeoutMs: this.limits.sendTimeoutMs,
      waiting: [],
      hangUp: () => socket.destroy(),
    };
    owner.seats.add(seat);
    this.seats.set(socket, seat);
    socket.once('close', () => this.leave(seat));
    return seat;
  }

  private owner(key: unknown): Owner {
    const known = this.owners.get(key);
    if (known) return known;
    const owner: Owner = { key, seats: new Set(), running: { request: 0, event: 0 }, expected: 0 };
    this.owners.set(key, owner);
    return owner;
  }

  private move(seat: Seat, key: unknown): void {
    const left = seat.owner;
    seat.owner = this.owner(key);
    seat.owner.seats.add(seat);
    this.take(seat, left);
  }

  private leave(seat: Seat): void {
    this.seats.delete(seat.socket);
    const { owner, waiting, running } = seat;
    owner.running.request -= running.request;
    owner.running.event -= running.event;
    owner.expected -= seat.expected;
    running.request = 0;
    running.event = 0;
    seat.left = 0;
    seat.expected = 0;
    seat.slow.clear();
    seat.waiting = [];
    this.take(seat, owner);
    for (const { resolve } of waiting) resolve(null);
    this.serve(owner);
  }

  private take(seat: Seat, owner: Owner): void {
    owner.seats.delete(seat);
    if (owner.seats.size === 0) this.owners.delete(owner.key);
  }

  /** Starts what may start. Connections take turns, so that one with much to ask does not keep the others waiting. */
  private serve(owner: Owner): void {
    for (const lane of ['request', 'event'] as const) {
      for (const seat of owner.seats) {
        const next = seat.waiting.find((waiter) => waiter.lane === lane);
        if (!next || !this.admits(seat, lane)) continue;
        seat.waiting.splice(seat.waiting.indexOf(next), 1);
        // A Set goes on to what is added while it is gone through: the connection is at its end again.
        owner.seats.delete(seat);
        owner.seats.add(seat);
        next.resolve(this.start(seat, lane));
      }
    }
  }

  private admits(seat: Seat, lane: Lane): boolean {
    const { socket, owner, running } = seat;
    if (unreadBytes(socket) >= this.limits.socketBytes || unreadOf(owner) >= this.limits.userBytes) return false;
    return (
      (running[lane] < this.limits.socketRunning || this.makesRoom(seat, lane)) &&
      (owner.running[lane] < this.limits.userRunning || [...owner.seats].some((other) => this.makesRoom(other, lane)))
    );
  }

  /** A slow operation of the connection leaves its place, if there is one that may. */
  private makesRoom(seat: Seat, lane: Lane): boolean {
    const { owner, slow } = seat;
    const { socketBytes, userBytes } = this.limits;
    for (const run of slow) {
      if (run.lane !== lane || run.expected === null) continue;
      const { expected } = run;
      if (unreadBytes(seat.socket) + seat.expected + expected > socketBytes) continue;
      if (unreadOf(owner) + owner.expected + expected > userBytes) continue;
      slow.delete(run);
      seat.running[lane]--;
      owner.running[lane]--;
      seat.left++;
      seat.expected += expected;
      owner.expected += expected;
      return true;
    }
    return false;
  }

  private start(seat: Seat, lane: Lane): Turn {
    const { owner } = seat;
    const { socketBytes, socketRunning, slowAfterMs } = this.limits;
    const run: Run = { lane, expected: null, isSlow: false };
    seat.running[lane]++;
    owner.running[lane]++;
    const becomeSlow = () => {
      run.isSlow = true;
      seat.slow.add(run);
      this.serve(owner);
    };
    // Where a provider hangs, those behind it must not become slow one after the other, each in its own time.
    const timer = setTimeout(becomeSlow, slowAfterMs / (1 + seat.left / socketRunning)).unref();
    let isOver = false;
    return {
      expect: (bytes) => {
        run.expected ??= Math.min(Math.max(bytes, MIN_EXPECTED_BYTES), socketBytes * MAX_SHARE);
      },
      mayStall: (ms) => {
        seat.sendTimeoutMs = ms;
      },
      end: () => {
        clearTimeout(timer);
        if (isOver || this.seats.get(seat.socket) !== seat) return;
        isOver = true;
        seat.sendTimeoutMs = this.limits.sendTimeoutMs;
        const hasPlace = !run.isSlow || seat.slow.delete(run);
        if (hasPlace) {
          seat.running[lane]--;
          owner.running[lane]--;
        } else {
          seat.left--;
          seat.expected -= run.expected ?? 0;
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
    for (const seat of this.seats.values()) {
      const stalledMs = seat.progress.stalledMs(this.now);
      const limit = isContended(seat) ? this.limits.contendedTimeoutMs : seat.sendTimeoutMs;
      if (stalledMs >= limit) seat.hangUp();
    }
    for (const owner of this.owners.values()) this.serve(owner);
  }
}
