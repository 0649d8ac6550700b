import type { GraphQLError } from 'graphql';
import { tooComplex } from '../../graphql/operation/limits/query-limits.ts';
import { TOO_MANY } from './connections.ts';
import type { SocketConnection } from './socket-connection.ts';

/** The maximum number of open operations on one connection. */
const MAX_OPERATIONS = 100;
/**
 * The maximum number of operations that have not ended, including cancelled ones, so that cancelling does not
 * circumvent the limit.
 */
const MAX_UNFINISHED = 2 * MAX_OPERATIONS;
/**
 * The maximum number of consecutive refusals. Each of them costs time, so a client that ignores them is disconnected.
 */
const MAX_REFUSALS = 100;

/** Returns null if one more operation of the connection may be begun, which counts it until `unfinished` is reduced. */
export function refuseOperation(connection: SocketConnection): GraphQLError | null {
  if (connection.ids.open <= MAX_OPERATIONS && connection.unfinished < MAX_UNFINISHED) {
    connection.unfinished++;
    connection.refusals = 0;
    return null;
  }
  connection.refusals++;
  if (connection.refusals >= MAX_REFUSALS)
    connection.close(TOO_MANY, `At most ${MAX_OPERATIONS} operations may be open at a time`);
  return tooComplex(`This connection has ${MAX_OPERATIONS} operations open, which is the limit.`);
}
