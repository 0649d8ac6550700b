import { CloseCode } from 'graphql-ws';
import { LRUCache } from 'lru-cache';
import type { WebSocket } from 'ws';
import type { Principal } from '../../graphql/principal.ts';

/** The close code for a client that exceeds a limit. graphql-ws clients do not reconnect after it. */
export const TOO_MANY = CloseCode.TooManyInitialisationRequests;

/**
 * The maximum number of connections of one user to this instance: every tab and device, and those whose end has not
 * been noticed yet.
 */
const MAX_USER_CONNECTIONS = 100;
/**
 * The maximum time of a timer in Node; a longer one fires at once. A credential that is valid for longer has to be sent
 * again after this time.
 */
const MAX_LIFETIME_MS = 2 ** 31 - 1;

/** How long the end of a credential is remembered, which is longer than the verification of one may take. */
const ENDED_MS = 60_000;
const MAX_ENDED = 10_000;

/** A client over WebSocket, with the user who is signed in. */
export interface Connection {
  readonly socket: WebSocket;
  readonly authorization: string;
  readonly principal: Principal;
  readonly clientAddress: string;
  /** Aborts when the socket closes. */
  readonly signal: AbortSignal;
}

interface OpenConnection {
  readonly connection: Connection;
  readonly closed: AbortController;
  readonly expiry: NodeJS.Timeout;
}

/**
 * The signed-in sockets. When its session ends, a socket is closed with 4401, which clients treat as final. When its
 * access token expires, it is closed with 4403: graphql-ws clients then connect again and get a fresh token from their
 * connectionParams.
 */
export class Connections {
  private readonly open = new Map<WebSocket, OpenConnection>();
  private readonly byCredential = new Map<string, Set<WebSocket>>();
  private readonly ofUser = new Map<string, number>();
  /** The credentials that have ended lately: one may end while a connection with it is being admitted. */
  private readonly ended = new LRUCache<string, true>({ max: MAX_ENDED, ttl: ENDED_MS });

  /** Adds a connection. Returns false and closes the socket if its credential has ended, or its user has too many. */
  admit(connection: Omit<Connection, 'signal'>): boolean {
    const { socket, principal } = connection;
    const credentialId = credentialOf(principal);
    if (credentialId !== undefined && this.ended.has(credentialId)) {
      socket.close(CloseCode.Unauthorized, endOf(principal));
      return false;
    }
    const others = this.ofUser.get(principal.userId) ?? 0;
    if (others >= MAX_USER_CONNECTIONS) {
      socket.close(TOO_MANY, `At most ${MAX_USER_CONNECTIONS} connections of one user are allowed`);
      return false;
    }
    this.ofUser.set(principal.userId, others + 1);
    const closed = new AbortController();
    const expiry = setTimeout(
      () => socket.close(CloseCode.Forbidden, 'The access token has expired: connect again with a fresh one'),
      Math.min(Math.max(0, principal.expiresAt.getTime() - Date.now()), MAX_LIFETIME_MS),
    );
    expiry.unref();
    this.open.set(socket, { connection: { ...connection, signal: closed.signal }, closed, expiry });
    if (credentialId !== undefined) {
      this.byCredential.set(credentialId, (this.byCredential.get(credentialId) ?? new Set()).add(socket));
    }
    return true;
  }

  of(socket: WebSocket): Connection | null {
    return this.open.get(socket)?.connection ?? null;
  }

  leave(socket: WebSocket): void {
    const entry = this.open.get(socket);
    if (!entry) return;
    this.open.delete(socket);
    clearTimeout(entry.expiry);
    entry.closed.abort();
    const { userId } = entry.connection.principal;
    const credentialId = credentialOf(entry.connection.principal);
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
    this.ended.set(credentialId, true);
    for (const socket of this.byCredential.get(credentialId) ?? []) {
      const principal = this.open.get(socket)?.connection.principal;
      if (principal) socket.close(CloseCode.Unauthorized, endOf(principal));
    }
  }
}

const credentialOf = ({ sessionId, credentialId }: Principal): string | undefined => sessionId ?? credentialId;
const endOf = ({ sessionId }: Principal): string =>
  sessionId === undefined ? 'The access token was revoked' : 'The session has ended';
