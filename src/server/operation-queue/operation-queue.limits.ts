/** What OperationQueue keeps to; SOCKET_MAX_BUFFERED_BYTES and USER_MAX_BUFFERED_BYTES set the bytes. */
export interface OperationQueueLimits {
  /** Bytes of answers that one connection may leave unread before no further operation of it starts. */
  readonly socketBytes: number;
  /** The same for all connections of one user to this instance together. */
  readonly userBytes: number;
  /** Operations of one connection that are executed at the same time; a browser opens as many HTTP/1.1 connections. */
  readonly socketRunning: number;
  /** Of one user. */
  readonly userRunning: number;
  /** An operation that takes longer, as where a provider hangs, leaves its place to the next one; sooner where others of its connection have left theirs. */
  readonly slowAfterMs: number;
  /** A connection whose client has taken nothing of what waits for so long is closed. */
  readonly sendTimeoutMs: number;
  /** The same while another connection of the same user waits for room. */
  readonly contendedTimeoutMs: number;
}

export const OPERATION_QUEUE_LIMITS: OperationQueueLimits = {
  socketBytes: 8 * 1024 * 1024,
  userBytes: 32 * 1024 * 1024,
  socketRunning: 6,
  userRunning: 32,
  slowAfterMs: 500,
  sendTimeoutMs: 60_000,
  contendedTimeoutMs: 15_000,
};
