import { CloseCode, type Server } from 'graphql-ws';
import { takeText } from './text-payload.ts';

/** A WebSocket as graphql-ws sees it. */
export type ProtocolSocket = Parameters<Server<unknown>['opened']>[0];
type Handle = Parameters<ProtocolSocket['onMessage']>[0];

interface OperationMessage {
  readonly type: 'subscribe' | 'complete';
  readonly id: string;
}

/** A subscription whose source is open, and whose messages are not sent by graphql-ws. */
interface PushedOperation {
  /** The client needs no more of it. */
  cancel(): void;
}

/**
 * graphql-ws writes the id first, the type after it, and then the payload. Ours is a number, a space, and the client's. A quote
 * within it has a backslash before it.
 */
const BEFORE_ID = '{"id":"';
const BEFORE_TYPE = '","type":"';
/** The maximum number of bytes in the reason of a close (RFC 6455, section 5.5.1). */
const MAX_REASON_BYTES = 123;

/**
 * A socket on which each operation has an id of its own. A client may use an id again as soon as it has sent
 * `complete`, but the old operation ends later than that, and graphql-ws keeps operations by their id: it would send the
 * answer of the old one to the new one, and forget the new one when the old one ends.
 */
export class OwnIds implements ProtocolSocket {
  /** By the client's id: the number in our id, which is never used again, or what sends the messages itself. */
  private readonly operations = new Map<string, number | PushedOperation>();
  private last = 0;

  constructor(private readonly socket: ProtocolSocket) {}

  get protocol(): string {
    return this.socket.protocol;
  }

  /** The number of operations that are open for the client. */
  get open(): number {
    return this.operations.size;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  async send(text: string): Promise<void> {
    const shown = this.show(text);
    if (shown !== null) await this.socket.send(shown);
  }

  onMessage(handle: Handle): void {
    this.socket.onMessage((text) => this.handled(text, handle));
  }

  /**
   * Hands an operation over to what sends its messages from now on. graphql-ws takes it for complete. Returns the client's id;
   * null if the client has cancelled it.
   */
  push(ours: string, operation: PushedOperation): string | null {
    const { number, theirs } = idsIn(ours);
    if (this.operations.get(theirs) !== number) return null;
    this.operations.set(theirs, operation);
    return theirs;
  }

  /** Reports that a pushed operation has ended. */
  pushed(theirs: string): void {
    this.operations.delete(theirs);
  }

  /** Ends what graphql-ws does not know of, because the connection has closed. */
  closed(): void {
    const operations = [...this.operations.values()];
    this.operations.clear();
    for (const operation of operations) if (typeof operation !== 'number') operation.cancel();
  }

  private async handled(text: string, handle: Handle): Promise<void> {
    const message = operationMessage(text);
    if (!message) return handle(text);
    if (message.type === 'complete') {
      const id = this.cancel(message.id);
      return id === null ? undefined : handle(asText({ ...message, id }));
    }
    const id = this.begin(message.id);
    if (id === null) return this.socket.close(CloseCode.SubscriberAlreadyExists, reasonOf(message.id));
    try {
      await handle(asText({ ...message, id }));
    } finally {
      this.end(id);
    }
  }

  /** Returns our id of a new operation. Null: the client has an open operation with this id. */
  private begin(theirs: string): string | null {
    if (this.operations.has(theirs)) return null;
    this.operations.set(theirs, ++this.last);
    return `${this.last} ${theirs}`;
  }

  /** Ends an operation for the client: nothing more is sent under its id. Returns our id; null if graphql-ws has none. */
  private cancel(theirs: string): string | null {
    const operation = this.operations.get(theirs);
    if (operation === undefined) return null;
    this.operations.delete(theirs);
    if (typeof operation === 'number') return `${operation} ${theirs}`;
    operation.cancel();
    return null;
  }

  /** Reports that an operation has ended. */
  private end(ours: string): void {
    const { number, theirs } = idsIn(ours);
    if (this.operations.get(theirs) === number) this.operations.delete(theirs);
  }

  /** Returns the message with the client's id. Null for an operation that the client has cancelled, or that is pushed. */
  private show(text: string): string | null {
    const payload = takeText();
    const idEnd = text.startsWith(BEFORE_ID) ? text.indexOf(BEFORE_TYPE) : -1;
    if (idEnd < 0) return text;
    const { number, theirs: written } = idsIn(text.slice(BEFORE_ID.length, idEnd));
    const theirs: string = JSON.parse(`"${written}"`);
    if (this.operations.get(theirs) !== number) return null;
    const typeEnd = text.indexOf('"', idEnd + BEFORE_TYPE.length);
    const type = text.slice(idEnd + BEFORE_TYPE.length, typeEnd);
    // From this message on the client may use the id again.
    if (type === 'complete' || type === 'error') this.operations.delete(theirs);
    const rest = payload === null ? text.slice(typeEnd + 1) : `,"payload":${payload}}`;
    return `{"id":"${written}","type":"${type}"${rest}`;
  }
}

function idsIn(ours: string): { readonly number: number; readonly theirs: string } {
  const space = ours.indexOf(' ');
  return { number: Number(ours.slice(0, space)), theirs: ours.slice(space + 1) };
}

/** graphql-ws accepts a message that has been parsed already, as its types do not say. */
const asText = (message: OperationMessage): string => message as unknown as string;

/** Returns the message if it begins or ends an operation. graphql-ws refuses what is malformed. */
function operationMessage(text: string): OperationMessage | null {
  try {
    const message = JSON.parse(text) as Partial<OperationMessage> | null;
    const isOperation = message?.type === 'subscribe' || message?.type === 'complete';
    return isOperation && typeof message.id === 'string' && message.id !== '' ? (message as OperationMessage) : null;
  } catch {
    return null;
  }
}

function reasonOf(id: string): string {
  const reason = `Subscriber for ${id} already exists`;
  return Buffer.byteLength(reason) <= MAX_REASON_BYTES ? reason : 'Subscriber already exists';
}
