import { CloseCode, type Server } from 'graphql-ws';

/** A WebSocket as graphql-ws sees it. */
type ProtocolSocket = Parameters<Server<unknown>['opened']>[0];
/** `text` is a message of the client, or what it was parsed to: graphql-ws accepts both. */
type Handle = (text: string | OperationMessage) => Promise<void>;

interface OperationMessage {
  readonly type: 'subscribe' | 'complete';
  readonly id: string;
}

/** graphql-ws writes the id first, and the type after it. */
const SENT = /^\{"id":"(\d+)","type":"(\w+)"/;
/** The maximum number of bytes in the reason of a close (RFC 6455, section 5.5.1). */
const MAX_REASON_BYTES = 123;

/**
 * Returns a socket on which each operation has an id of its own. A client may use an id again as soon as it has sent
 * `complete`, but the old operation ends later than that, and graphql-ws keeps operations by their id: it would send the
 * answer of the old one to the new one, and forget the new one when the old one ends.
 */
export function withOwnIds(socket: ProtocolSocket): ProtocolSocket {
  const ids = new OperationIds();
  const handled = async (text: string, handle: Handle): Promise<void> => {
    const message = operationMessage(text);
    if (!message) return handle(text);
    if (message.type === 'complete') {
      const id = ids.cancel(message.id);
      return id === null ? undefined : handle({ ...message, id });
    }
    const id = ids.begin(message.id);
    if (id === null) return socket.close(CloseCode.SubscriberAlreadyExists, reasonOf(message.id));
    try {
      await handle({ ...message, id });
    } finally {
      ids.end(id);
    }
  };
  return {
    protocol: socket.protocol,
    close: (code, reason) => socket.close(code, reason),
    async send(text) {
      const shown = ids.show(text);
      if (shown !== null) await socket.send(shown);
    },
    onMessage: (handle) => socket.onMessage((text) => handled(text, handle as Handle)),
  };
}

/** The ids of one connection's operations: the client's, and ours, which are never used again. */
class OperationIds {
  private readonly ours = new Map<string, string>();
  private readonly theirs = new Map<string, string>();
  private last = 0;

  /** Returns our id of a new operation. Null: the client has an open operation with this id. */
  begin(theirs: string): string | null {
    if (this.ours.has(theirs)) return null;
    const ours = String(++this.last);
    this.ours.set(theirs, ours);
    this.theirs.set(ours, theirs);
    return ours;
  }

  /** Ends an operation for the client: nothing more is sent under its id. Returns our id; null if there is none. */
  cancel(theirs: string): string | null {
    const ours = this.ours.get(theirs);
    if (ours === undefined) return null;
    this.end(ours);
    return ours;
  }

  /** Reports that an operation has ended. */
  end(ours: string): void {
    const theirs = this.theirs.get(ours);
    if (theirs === undefined) return;
    this.theirs.delete(ours);
    this.ours.delete(theirs);
  }

  /** Returns the message with the client's id. Null for an operation that the client has cancelled. */
  show(text: string): string | null {
    const [head, ours, type] = SENT.exec(text) ?? [];
    if (head === undefined || ours === undefined) return text;
    const theirs = this.theirs.get(ours);
    if (theirs === undefined) return null;
    // From this message on the client may use the id again.
    if (type === 'complete' || type === 'error') this.end(ours);
    return `{"id":${JSON.stringify(theirs)},"type":"${type}"${text.slice(head.length)}`;
  }
}

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
