import type { Socket } from 'node:net';

/**
 * Returns the bytes that were written to a connection but not accepted by the kernel: what its client leaves unread,
 * beyond what the kernels on both sides hold. A response counts until all of it is sent.
 */
export const unreadBytes = (socket: Socket): number => socket.writableLength;

/** Distinguishes a client that reads slowly from one that does not read. */
export class Progress {
  private seen = '';
  private since: number;

  constructor(
    private readonly socket: Socket,
    now: number,
  ) {
    this.since = now;
  }

  /** Returns for how many milliseconds nothing of the waiting bytes has been sent. It is 0 while nothing waits. */
  stalledMs(now: number): number {
    const waiting = unreadBytes(this.socket);
    const state = waiting === 0 ? '' : `${this.socket.bytesWritten - waiting}:${queuedInKernelCall(this.socket)}`;
    if (state === '' || state !== this.seen) this.since = now;
    this.seen = state;
    return now - this.since;
  }
}

/**
 * Returns the bytes that libuv still holds of the current write. `writableLength` falls only when all of it is sent,
 * which takes a slow client minutes. The socket time-out of Node itself reads the same property (net.js, `_onTimeout`);
 * there is no public one.
 */
function queuedInKernelCall(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
