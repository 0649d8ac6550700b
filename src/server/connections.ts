import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Principal } from '../graphql/principal.ts';

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
  private readonly bySession = new Map<string, Set<WebSocket>>();

  admit(connection: Omit<Connection, 'signal'>): void {
    const { socket, principal } = connection;
    const gone = new AbortController();
    const expiry = setTimeout(
      () => socket.close(CloseCode.Forbidden, 'The access token has expired: connect again with a fresh one'),
      Math.max(0, principal.expiresAt.getTime() - Date.now()),
    );
    expiry.unref();
    this.held.set(socket, { connection: { ...connection, signal: gone.signal }, gone, expiry });
    const ofSession = this.bySession.get(principal.sessionId) ?? new Set();
    this.bySession.set(principal.sessionId, ofSession.add(socket));
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
    const { sessionId } = held.connection.principal;
    const ofSession = this.bySession.get(sessionId);
    ofSession?.delete(socket);
    if (ofSession?.size === 0) this.bySession.delete(sessionId);
  }

  sessionEnded(sessionId: string): void {
    for (const socket of this.bySession.get(sessionId) ?? [])
      socket.close(CloseCode.Unauthorized, 'The session has ended');
  }
}
