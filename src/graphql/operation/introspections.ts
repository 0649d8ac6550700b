import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * The number of introspection fields that take about one millisecond. The event loop is left to others for as long
 * afterwards.
 */
const FIELDS_PER_MS = 500;
/** An introspection with fewer fields is executed at once: it takes no longer than any other request. */
const MIN_FIELDS = 1_000;
/** The number of cached responses. Tools request the whole schema with a few different documents. */
const MAX_ANSWERS = 8;
/** The maximum length of a request whose response is cached. */
const MAX_REMEMBERED_LENGTH = 20_000;

interface Introspection {
  readonly source: string | undefined;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  /** The number of introspection fields in the response. */
  readonly fields: number;
  /** The client for whom introspections take turns: its user id or address. */
  readonly owner: unknown;
  readonly signal: AbortSignal;
}

/**
 * graphql-js resolves introspection synchronously, in one turn of the event loop, in which no other request is
 * answered. So introspections are executed one at a time, with a delay after each, and users take turns. A response
 * that consists of introspection alone is the same for every user and is cached.
 */
export class Introspections {
  private readonly answers = new LRUCache<string, ExecutionResult>({ max: MAX_ANSWERS });
  private readonly waiting = new Map<unknown, (() => void)[]>();
  private isBusy = false;

  constructor(private readonly schema: GraphQLSchema) {}

  /**
   * Waits for its turn, and returns the response if introspection is all that the operation selects. Returns null if
   * the operation has to be executed normally.
   */
  async answer(request: Introspection): Promise<ExecutionResult | null> {
    if (request.fields < MIN_FIELDS) return null;
    const key = this.keyOf(request);
    const known = key === null ? undefined : this.answers.get(key);
    if (known) return known;
    await this.turn(request.owner);
    // The previous request may have been the same one.
    const found = key === null ? undefined : this.answers.get(key);
    void this.pass(found || request.signal.aborted ? 0 : request.fields);
    if (found) return found;
    return key === null || request.signal.aborted ? null : this.execute(key, request);
  }

  private execute(key: string, { document, operationName, variables }: Introspection): ExecutionResult | null {
    const answer = execute({
      schema: this.schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? null,
    });
    // The normal execution reports errors.
    if (answer instanceof Promise || answer.errors) return null;
    this.answers.set(key, answer);
    return answer;
  }

  private async turn(owner: unknown): Promise<void> {
    if (!this.isBusy) {
      this.isBusy = true;
      return;
    }
    await new Promise<void>((resolve) => {
      const own = this.waiting.get(owner);
      if (own) own.push(resolve);
      else this.waiting.set(owner, [resolve]);
    });
  }

  private async pass(fields: number): Promise<void> {
    await delay(fields / FIELDS_PER_MS);
    // Timers run before sockets are read, so the delay may end before the event loop has served others.
    await nextTurn();
    const [first] = this.waiting;
    if (!first) {
      this.isBusy = false;
      return;
    }
    const [owner, [next, ...others]] = first;
    // A Map keeps the order of insertion, so the owner goes to the end of the queue.
    this.waiting.delete(owner);
    if (others.length > 0) this.waiting.set(owner, others);
    next?.();
  }

  private keyOf({ source, document, operationName, variables }: Introspection): string | null {
    const operation = getOperationAST(document, operationName);
    if (source === undefined || !operation || !selectsOnlySchema(operation.selectionSet)) return null;
    const key = JSON.stringify([source, operationName ?? null, variables ?? null]);
    return key.length <= MAX_REMEMBERED_LENGTH ? key : null;
  }
}

const OF_SCHEMA: ReadonlySet<string> = new Set(['__schema', '__type', '__typename']);

/** Only fields at the root count. An operation with fragments there is executed normally. */
const selectsOnlySchema = ({ selections }: SelectionSetNode): boolean =>
  selections.every((node) => node.kind === Kind.FIELD && OF_SCHEMA.has(node.name.value));
