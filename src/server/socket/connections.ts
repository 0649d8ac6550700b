import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Principal } from '../../graphql/principal.ts';

/** The close code for a client that exceeds a limit; graphql-ws clients do not reconnect after it. */
export const TOO_MANY = CloseCode.TooManyInitialisationRequests;

/** Connections of one user to this instance: every tab and device, and those whose end has not been noticed yet. */
const MAX_USER_CONNECTIONS = 100;
/** The longest that Node's timers wait; one that is set for longer fires at once. A credential that is good for longer is shown again then. */
const MAX_LIFETIME_MS = 2 ** 31 - 1;

/** One client over WebSocket, and who it is. */
export interface Connection {
  readonly socket: WebSocket;
  readonly authorization: string;
  readonly principal: Principal;
  readonly clientAddress: string;
  /** Aborts when the socket closes. */
  readonly signal: AbortSignal;
}

interface Held {
  readonly connection: Connection;
  readonly gone: AbortController;
  readonly expiry: NodeJS.Timeout;
}

/**
 * The signed-in sockets. One is closed with 4401 when its session ends, which clients take as final, and with 4403 when
 * its access token runs out: graphql-ws clients then connect again, asking their connectionParams for a fresh token.
 */
export class Connections {
  private readonly held = new Map<WebSocket, Held>();
  private readonly byCredential = new Map<string, Set<WebSocket>>();
  private readonly ofUser = new Map<string, number>();

  /** False closes the socket: its user has too many. */
  admit(connection: Omit<Connection, 'signal'>): boolean {
    const { socket, principal } = connection;
    const others = this.ofUser.get(principal.userId) ?? 0;
    if (others >= MAX_USER_CONNECTIONS) {
      socket.close(TOO_MANY, `At most ${MAX_USER_CONNECTIONS} connections of one user are allowed`);
      return false;
    }
    this.ofUser.set(principal.userId, others + 1);
    const gone = new AbortController();
    const expiry = setTimeout(
      () => socket.close(CloseCode.Forbidden, 'The access token has expired: connect again with a fresh one'),
      Math.min(Math.max(0, principal.expiresAt.getTime() - Date.now()), MAX_LIFETIME_MS),
    );
    expiry.unref();
    this.held.set(socket, { connection: { ...connection, signal: gone.signal }, gone, expiry });
    const credentialId = credentialOf(principal);
    if (credentialId !== undefined) {
      this.byCredential.set(credentialId, (this.byCredential.get(credentialId) ?? new Set()).add(socket));
    }
    return true;
  }

  of(socket: WebSocket): Connection | null {
    return this.held.get(socket)?.connection ?? null;
  }

  leave(socket: WebSocket): void {
    const held = this.held.get(socket);
    if (!held) return;
    this.held.delete(socket);
    clearTimeout(held.expiry);
    held.gone.abort();
    const { userId } = held.connection.principal;
    const credentialId = credentialOf(held.connection.principal);
    const others = (this.ofUser.get(userId) ?? 1) - 1;
    if (others > 0) this.ofUser.set(userId, others);
    else this.ofUser.delete(userId);
    if (credentialId === undefined) return;
    const sockets = this.byCredential.get(credentialId);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.byCredential.delete(credentialId);
  }

  /** Closes the sockets of a session, or of another credential, that has ended before it expired. */
  credentialEnded(credentialId: string): void {
    for (const socket of this.byCredential.get(credentialId) ?? []) {
      const { sessionId } = this.held.get(socket)?.connection.principal ?? {};
      const reason = sessionId === undefined ? 'The access token was revoked' : 'The session has ended';
      socket.close(CloseCode.Unauthorized, reason);
    }
  }
}

const credentialOf = ({ sessionId, credentialId }: Principal): string | undefined => sessionId ?? credentialId;
