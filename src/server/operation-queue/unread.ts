import type { Socket } from 'node:net';

/**
 * Bytes that were written to a connection and that the kernel has not taken from us: what its client leaves unread,
 * beyond what the kernels between us hold. An answer counts until the whole of it is out.
 */
export const unreadBytes = (socket: Socket): number => socket.writableLength;

/** Tells a client that reads slowly from one that does not read. */
export class Progress {
  private seen = '';
  private since: number;

  constructor(
    private readonly socket: Socket,
    now: number,
  ) {
    this.since = now;
  }

  /** For how many milliseconds nothing of what waits has been taken; 0 while nothing waits. */
  stalledMs(now: number): number {
    const waiting = unreadBytes(this.socket);
    const state = waiting === 0 ? '' : `${this.socket.bytesWritten - waiting}:${queuedInKernelCall(this.socket)}`;
    if (state === '' || state !== this.seen) this.since = now;
    this.seen = state;
    return now - this.since;
  }
}

/**
 * What libuv still holds of the write that is under way. `writableLength` only falls when all of it is out, which takes a
 * slow client minutes; Node's own socket time-out looks here as well (net.js, `_onTimeout`), and there is no public name.
 */
function queuedInKernelCall(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
