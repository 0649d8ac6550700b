import { isDeepStrictEqual } from 'node:util';
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
interface SignedIn {
  readonly client: Client;
  readonly authorization: string;
  readonly principal: Principal;
  readonly clientAddress: string;
}

interface Connection extends SignedIn {
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

/** A credential with the clients who have signed in with it. */
interface Credential {
  readonly authorization: string;
  readonly principal: Principal;
  readonly clients: Set<Client>;
  expiry: NodeJS.Timeout | undefined;
}

/** Most connections never ask for their signal, so it is made for those that do. */
class OpenConnection implements SignedIn {
  private closed: AbortController | null = null;

  constructor(
    readonly client: Client,
    readonly credential: Credential,
    readonly clientAddress: string,
  ) {}

  get authorization(): string {
    return this.credential.authorization;
  }

  get principal(): Principal {
    return this.credential.principal;
  }

  get signal(): AbortSignal {
    this.closed ??= new AbortController();
    return this.closed.signal;
  }

  close(): void {
    this.closed?.abort();
  }
}

/**
 * The signed-in clients. When its session ends, a client is closed with 4401, which clients treat as final. When its
 * access token expires, it is closed with 4403: graphql-ws clients then connect again and get a fresh token from their
 * connectionParams. A transport calls `leave` when the connection of a client has closed.
 */
export class Connections {
  private readonly open = new Map<Client, OpenConnection>();
  /** By the Authorization header: the connections of a page, or of a service, have the same one. */
  private readonly credentials = new Map<string, Credential>();
  private readonly byCredential = new Map<string, Set<Client>>();
  private readonly ofUser = new Map<string, number>();
  /** The credentials that have ended lately: one may end while a connection with it is being admitted. */
  private readonly ended = new LRUCache<string, true>({ max: MAX_ENDED, ttl: ENDED_MS });

  /** Adds a connection. Returns false and closes the client if its credential has ended, or its user has too many. */
  admit({ client, principal, authorization, clientAddress }: SignedIn): boolean {
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
    const credential = this.credential(authorization, principal);
    credential.clients.add(client);
    this.open.set(client, new OpenConnection(client, credential, clientAddress));
    if (credentialId !== undefined) {
      this.byCredential.set(credentialId, (this.byCredential.get(credentialId) ?? new Set()).add(client));
    }
    return true;
  }

  of(client: Client): Connection | null {
    const connection = this.open.get(client);
    if (!connection) return null;
    const { authorization, principal, clientAddress, signal } = connection;
    return { client, authorization, principal, clientAddress, signal };
  }

  /** The same for a transport that notices itself when the client leaves. */
  signedIn(client: Client): SignedIn | null {
    return this.open.get(client) ?? null;
  }

  leave(client: Client): void {
    const connection = this.open.get(client);
    if (!connection) return;
    this.open.delete(client);
    connection.close();
    const { credential } = connection;
    const { principal, clients, expiry } = credential;
    clients.delete(client);
    if (clients.size === 0) {
      clearTimeout(expiry);
      this.forget(credential);
    }
    const { userId } = principal;
    const credentialId = credentialOf(principal);
    const others = (this.ofUser.get(userId) ?? 1) - 1;
    if (others > 0) this.ofUser.set(userId, others);
    else this.ofUser.delete(userId);
    if (credentialId === undefined) return;
    const signedIn = this.byCredential.get(credentialId);
    signedIn?.delete(client);
    if (signedIn?.size === 0) this.byCredential.delete(credentialId);
  }

  /** Closes the clients of a session, or of another credential, that has ended before it expired. */
  credentialEnded(credentialId: string): void {
    this.ended.set(credentialId, true);
    for (const client of this.byCredential.get(credentialId) ?? []) {
      const principal = this.open.get(client)?.principal;
      if (principal) client.close(CloseCode.Unauthorized, endOf(principal));
    }
  }

  private forget(credential: Credential): void {
    const { authorization } = credential;
    if (this.credentials.get(authorization) === credential) this.credentials.delete(authorization);
  }

  /** The principal may have another grant than it had when others have signed in with the same credential. */
  private credential(authorization: string, principal: Principal): Credential {
    const known = this.credentials.get(authorization);
    if (known && isDeepStrictEqual(known.principal, principal)) return known;
    const credential: Credential = { authorization, principal, clients: new Set(), expiry: undefined };
    this.credentials.set(authorization, credential);
    // Who signs in with it once it has expired, because the request was verified earlier, has a timer of its own.
    closeWhenExpired(credential, () => this.forget(credential));
    return credential;
  }
}

/** Closes the clients when their credential expires. One that is valid for longer than a timer can wait is looked at again. */
function closeWhenExpired(credential: Credential, onExpired: () => void): void {
  const { clients, principal } = credential;
  const leftMs = Math.max(0, principal.expiresAt.getTime() - Date.now());
  credential.expiry = setTimeout(
    () => {
      if (leftMs > MAX_TIMER_MS) return closeWhenExpired(credential, onExpired);
      onExpired();
      for (const client of [...clients])
        client.close(CloseCode.Forbidden, 'The access token has expired: connect again with a fresh one');
    },
    Math.min(leftMs, MAX_TIMER_MS),
  );
  credential.expiry.unref();
}

const credentialOf = ({ sessionId, credentialId }: Principal): string | undefined => sessionId ?? credentialId;
const endOf = ({ sessionId }: Principal): string =>
  sessionId === undefined ? 'The access token was revoked' : 'The session has ended';
