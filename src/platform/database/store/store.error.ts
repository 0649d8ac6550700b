import { MailError, storeErrorIn } from '../../../domain/error.ts';
import { Prisma } from '../../prisma/client.ts';
import { STORE_RETRY_AFTER_MS } from './store.limits.ts';

/** The store did not answer within the limit, and its connection was closed. */
export class StoreTimeout extends Error {
  override readonly name = 'StoreTimeout';
  readonly code = 'ETIMEDOUT';
}

export const storeUnavailable = (cause: unknown): MailError =>
  new MailError('STORE_UNAVAILABLE', "The gateway's database is unavailable. Try again.", {
    cause,
    retryAfterMs: STORE_RETRY_AFTER_MS,
  });

/**
 * Returns STORE_UNAVAILABLE for errors of the database, its driver or Prisma if the database cannot be used, and any
 * other error unchanged. Use it only for errors of database calls: the code of a socket error does not say whose socket
 * it was.
 */
export function asStoreError(error: unknown): unknown {
  return storeErrorIn(error) ?? (isAway(error) ? storeUnavailable(error) : error);
}

/** Does what `asStoreError` does for the error of a promise. */
export async function mapStoreErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Returns whether a row with the same key exists. The two adapters report the key differently, so it is not read. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';

/** Returns the message of the database or the driver, which Prisma wraps. */
export const reasonOf = (error: unknown): string =>
  errorChain(error).findLast(({ message }) => message !== '')?.message ?? 'no answer';

/**
 * Returns whether the connection broke, in which case it is unknown whether the statement was executed. It is false for
 * a server that cannot be reached at all.
 */
export const isConnectionLost = (error: unknown): boolean =>
  errorChain(error).some(({ code, message }) => LOST_CODES.has(code) || (code === '' && LOST_MESSAGE.test(message)));

/** Returns whether the store has no space left for writing. It can still be read. */
export const isDiskFull = (error: unknown): boolean =>
  errorChain(error).some(({ code, message }) => FULL_CODES.has(code) || FULL_MESSAGE.test(message));

/** Returns whether the server has answered. Even a refusal shows that it does not hang. */
export const isAnswer = (error: unknown): boolean =>
  typeof (error as { severity?: unknown } | null)?.severity === 'string';

function isAway(error: unknown): boolean {
  return errorChain(error).some(
    ({ code, kind, severity, message }) =>
      LOST_CODES.has(code) ||
      AWAY_CODES.has(code) ||
      AWAY_CLASS.test(code) ||
      AWAY_KINDS.has(kind) ||
      GONE_SEVERITY.test(severity) ||
      LOST_MESSAGE.test(message) ||
      AWAY_MESSAGE.test(message),
  );
}

interface ChainedError {
  readonly code: string;
  readonly kind: string;
  readonly severity: string;
  readonly message: string;
}

/**
 * Lists an error and its causes. Prisma puts the error of the driver into `meta` or `cause`, and its code beside a
 * kind.
 */
function errorChain(error: unknown, depth = 0): ChainedError[] {
  if (typeof error !== 'object' || error === null || depth > 6) return [];
  const { code, originalCode, kind, severity, message, originalMessage, cause, meta } = error as Record<
    string,
    unknown
  >;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return [
    {
      code: text(originalCode) || text(code),
      kind: text(kind),
      severity: text(severity),
      message: text(originalMessage) || text(message),
    },
    ...errorChain(cause, depth + 1),
    ...errorChain((meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError, depth + 1),
  ];
}

const FULL_CODES: ReadonlySet<string> = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** The system's messages, which the embedded database returns with other codes. */
const FULL_MESSAGE = /no space left on device|disk quota exceeded/i;
const LOST_CODES: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  // Connection failures; terminated by an administrator, by a crash, or after idling in a transaction.
  '08000',
  '08003',
  '08006',
  '57P01',
  '57P02',
  '57P05',
  '25P03',
  // Prisma: the server has closed the connection.
  'P1017',
]);
const AWAY_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOENT',
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  // Starting up or shutting down; a limit on the time of a statement, a lock or a transaction; read-only after a failover.
  '57P03',
  '57014',
  '55P03',
  '25P04',
  '25006',
  // A conflict with another transaction: nothing was written.
  '40001',
  '40P01',
  // The operator has changed the credentials or the database.
  '28000',
  '28P01',
  '3D000',
  '57P04',
  // A backup is being restored: tables are missing.
  '42P01',
  '3F000',
  'P2021',
  // Prisma: not reached, not in time, no connection free, a transaction that did not begin or end in time, a conflict.
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1011',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
]);
/** Insufficient resources (disk full, out of memory, too many connections), and failures of the system beneath the server. */
const AWAY_CLASS = /^(?:53|58|08)[0-9A-Z]{3}$/;
/** The server has closed or refused the connection, which the error of a statement never causes. */
const GONE_SEVERITY = /^(?:FATAL|PANIC)$/;
const AWAY_KINDS: ReadonlySet<string> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
  'TransactionWriteConflict',
  'DatabaseAccessDenied',
  'AuthenticationFailed',
  'DatabaseDoesNotExist',
]);
/** Messages of errors to which the driver gives no code. */
const LOST_MESSAGE =
  /Connection terminated(?: unexpectedly)?$|connection error and is not queryable|Client was closed and is not queryable/;
const AWAY_MESSAGE =
  /Connection terminated due to connection timeout|timeout exceeded when trying to connect|timeout expired|Query read timeout|Cannot use a pool after calling end/;
