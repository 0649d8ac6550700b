import type { GraphQLError } from 'graphql';
import type { WebSocket } from 'ws';
import { TOO_MANY } from './connections.ts';
import { tooComplex } from './limits.ts';

/** Operations that one connection may have open. */
const MOST_OPERATIONS = 100;
/** Refusals in a row. Each is work as well, so who does not heed them is hung up on. */
const MOST_REFUSALS = 100;

/** Holds every connection to its number of open operations. */
export class OperationLimit {
  private readonly refusals = new WeakMap<WebSocket, number>();

  /** Null when one more may be opened; `open` counts it. */
  refuse(socket: WebSocket, open: number): GraphQLError | null {
    if (open <= MOST_OPERATIONS) {
      this.refusals.delete(socket);
      return null;
    }
    const refused = (this.refusals.get(socket) ?? 0) + 1;
    this.refusals.set(socket, refused);
    if (refused >= MOST_REFUSALS) socket.close(TOO_MANY, `At most ${MOST_OPERATIONS} operations may be open at a time`);
    return tooComplex(`This connection has ${MOST_OPERATIONS} operations open, and no more are taken.`);
  }
}
