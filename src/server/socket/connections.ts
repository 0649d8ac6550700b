import { CloseCode } from 'graphql-ws';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/principal.ts';

/** The close code for a client that exceeds a limit. graphql-ws clients do not reconnect after it. */
export const TOO_MANY = CloseCode.TooManyInitialisationRequests;

/**
 * The maximum number of connections of one user to this instance: every tab and device, and those whose end has not
 * been noticed yet.
 */
const MAX_USER_CONNECTIONS = 100;
/** The maximum time of a timer in Node; a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long the end of a credential is remembered, which is longer than the verification of one may take. */
const ENDED_MS = 60_000;
const MAX_ENDED = 10_000;

/** A client that stays connected, over whatever transport. The codes are those of graphql-transport-ws. */
export interface Client {
  close(code: number, reason: string): void;
}

/** A client with the user who is signed in. */
export interface Connection {
  readonly client: Client;
  readonly authorization: string;
  readonly principal: Principal;
  readonly clientAddress: string;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

interface OpenConnection {
  readonly connection: Connection;
  readonly closed: AbortController;
  expiry: NodeJS.Timeout | undefined;
}

/**
 * The signed-in clients. When its session ends, a client is closed with 4401, which clients treat as final. When its
 * access token expires, it is closed with 4403: graphql-ws clients then connect again and get a fresh token from their
 * connectionParams. A transport calls `leave` when the connection of a client has closed.
 */
export class Connections {
  private readonly open = new Map<Client, OpenConnection>();
  private readonly byCredential = new Map<string, Set<Client>>();
  private readonly ofUser = new Map<string, number>();
  /** The credentials that have ended lately: one may end while a connection with it is being admitted. */
  private readonly ended = new LRUCache<string, true>({ max: MAX_ENDED, ttl: ENDED_MS });

  /** Adds a connection. Returns false and closes the client if its credential has ended, or its user has too many. */
  admit(connection: Omit<Connection, 'signal'>): boolean {
    const { client, principal } = connection;
    const credentialId = credentialOf(principal);
    if (credentialId !== undefined && this.ended.has(credentialId)) {
      client.close(CloseCode.Unauthorized, endOf(principal));
      return false;
    }
    const others = this.ofUser.get(principal.userId) ?? 0;
    if (others >= MAX_USER_CONNECTIONS) {
      client.close(TOO_MANY, `At most ${MAX_USER_CONNECTIONS} connections of one user are allowed`);
      return false;
    }
    this.ofUser.set(principal.userId, others + 1);
    const closed = new AbortController();
    const entry: OpenConnection = {
      connection: { ...connection, signal: closed.signal },
      closed,
      expiry: undefined,
    };
    this.open.set(client, entry);
    closeWhenExpired(entry);
    if (credentialId !== undefined) {
      this.byCredential.set(credentialId, (this.byCredential.get(credentialId) ?? new Set()).add(client));
    }
    return true;
  }

  of(client: Client): Connection | null {
    return this.open.get(client)?.connection ?? null;
  }

  leave(client: Client): void {
    const entry = this.open.get(client);
    if (!entry) return;
    this.open.delete(client);
    clearTimeout(entry.expiry);
    entry.closed.abort();
    const { userId } = entry.connection.principal;
    const credentialId = credentialOf(entry.connection.principal);
    const others = (this.ofUser.get(userId) ?? 1) - 1;
    if (others > 0) this.ofUser.set(userId, others);
    else this.ofUser.delete(userId);
    if (credentialId === undefined) return;
    const clients = this.byCredential.get(credentialId);
    clients?.delete(client);
    if (clients?.size === 0) this.byCredential.delete(credentialId);
  }

  /** Closes the clients of a session, or of another credential, that has ended before it expired. */
  credentialEnded(credentialId: string): void {
    this.ended.set(credentialId, true);
    for (const client of this.byCredential.get(credentialId) ?? []) {
      const principal = this.open.get(client)?.connection.principal;
      if (principal) client.close(CloseCode.Unauthorized, endOf(principal));
    }
  }
}

/** Closes the client when its credential expires. One that is valid for longer than a timer can wait is looked at again. */
function closeWhenExpired(entry: OpenConnection): void {
  const { client, principal } = entry.connection;
  const leftMs = Math.max(0, principal.expiresAt.getTime() - Date.now());
  entry.expiry = setTimeout(
    () => {
      if (leftMs > MAX_TIMER_MS) closeWhenExpired(entry);
      else client.close(CloseCode.Forbidden, 'The access token has expired: connect again with a fresh one');
    },
    Math.min(leftMs, MAX_TIMER_MS),
  );
  entry.expiry.unref();
}

const credentialOf = ({ sessionId, credentialId }: Principal): string | undefined => sessionId ?? credentialId;
const endOf = ({ sessionId }: Principal): string =>
  sessionId === undefined ? 'The access token was revoked' : 'The session has ended';
