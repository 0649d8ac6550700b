import type { Logger } from 'pino';
import type { OperationPath } from '../graphql/operation/operation-path.ts';
import type { Database } from '../platform/database/database.ts';
import type { Contexts } from './http/contexts.ts';
import type { OperationQueue } from './operation-queue/operation-queue.ts';
import type { RequestHandler } from './routes/graphql.route.ts';
import type { Connections } from './socket/connections.ts';

/** What a transport needs to execute the operations of its clients, as HTTP and WebSocket do. */
export interface DoorTools {
  /** Executes an operation. `refused` is the outcome of one that fails before that. */
  readonly path: OperationPath;
  /** Signs clients in, and makes the context of each operation. */
  readonly contexts: Contexts;
  /** The clients that stay connected, which are closed when their credential ends. */
  readonly connections: Connections;
  /** Gives each operation its slot. */
  readonly operationQueue: OperationQueue;
  /** Limits how long an operation waits for the store. */
  readonly limited: Database['limited'];
  readonly log: Logger;
  /** Lets a door answer requests over HTTP to the path of the schema. Call it before the door is opened. */
  overHttp(handler: RequestHandler): void;
}

/** A further transport to the schema. */
export interface Door {
  /** Accepts clients from now on. It is called when operations can be executed. */
  open(): Promise<void>;
  /** Accepts no more clients, and resolves when the connections of all others have closed. It takes a few seconds at most. */
  close(): Promise<void>;
}

export type CreateDoor = (tools: DoorTools) => Door;

/** The doors of one process. */
export class Doors {
  private readonly opened: Door[] = [];

  constructor(
    private readonly doors: readonly Door[],
    private readonly log: Logger,
  ) {}

  async open(): Promise<void> {
    for (const door of this.doors) {
      await door.open();
      this.opened.push(door);
    }
  }

  /** Closes the doors that are open. One that fails does not keep the process from stopping. */
  async close(): Promise<void> {
    const closing = this.opened.splice(0).map((door) => door.close());
    for (const result of await Promise.allSettled(closing)) {
      if (result.status === 'rejected') this.log.error({ err: result.reason }, 'a door could not be closed');
    }
  }
}
