/** The limits of OperationQueue. SOCKET_MAX_BUFFERED_BYTES and USER_MAX_BUFFERED_BYTES set the bytes. */
export interface OperationQueueLimits {
  /**
   * The bytes of responses that one connection may leave unread. Above it, no further operation of the connection
   * starts.
   */
  readonly socketBytes: number;
  /** The same for all connections of one user to this instance together. */
  readonly userBytes: number;
  /**
   * The number of operations of one connection that run at the same time. A browser opens as many HTTP/1.1 connections.
   */
  readonly socketRunning: number;
  /** The number of operations of one user that run at the same time. */
  readonly userRunning: number;
  /**
   * The time after which an operation is slow, for example because a provider hangs, and leaves its slot to the next
   * one. The time is shorter if other operations of its connection have left their slots.
   */
  readonly slowAfterMs: number;
  /** The time after which a connection is closed if its client reads nothing of what waits for it. */
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
