import type { GraphQLError } from 'graphql';
import { tooComplex } from '../../graphql/operation/limits/query-limits.ts';
import { type Client, TOO_MANY } from './connections.ts';

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

/** Limits the open operations of each connection. */
export class OperationLimit {
  private readonly refusals = new WeakMap<Client, number>();
  private readonly unfinished = new WeakMap<Client, number>();

  /** Returns null if one more operation may be opened, and counts it; `closed` must follow. `open` includes it. */
  refuse(client: Client, open: number): GraphQLError | null {
    const unfinished = (this.unfinished.get(client) ?? 0) + 1;
    if (open <= MAX_OPERATIONS && unfinished <= MAX_UNFINISHED) {
      this.unfinished.set(client, unfinished);
      this.refusals.delete(client);
      return null;
    }
    const refused = (this.refusals.get(client) ?? 0) + 1;
    this.refusals.set(client, refused);
    if (refused >= MAX_REFUSALS) client.close(TOO_MANY, `At most ${MAX_OPERATIONS} operations may be open at a time`);
    return tooComplex(`This connection has ${MAX_OPERATIONS} operations open, which is the limit.`);
  }

  /** Reports that an operation has ended. */
  closed(client: Client): void {
    this.unfinished.set(client, (this.unfinished.get(client) ?? 1) - 1);
  }
}
