import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import { MailError, unauthenticated } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import { retryUntilStoreIsBack } from '../../platform/database/store/store.retry.ts';
import { sha256 } from '../../platform/secrets/digest.ts';
import type { Authenticator } from './authenticator.ts';
import type { EndReason, NewRefreshToken, SessionStore } from './session.store.ts';
import { ACCESS_TOKEN_SECONDS, type SessionPrincipal, signAccessToken, verifyAccessToken } from './session.token.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const TOPIC = 'session-ended';
const Ended = z.object({ sessionId: z.string() });

const DAY_MS = 86_400_000;
const REFRESH_TOKEN_LIFETIME_MS = 30 * DAY_MS;
/** A session ends after this, even when it is refreshed. */
const MAX_SESSION_LIFETIME_MS = 180 * DAY_MS;
/** After this every access token of an ended session has expired. The five minutes allow for clocks that differ. */
const REVOCATION_RETENTION_MS = ACCESS_TOKEN_SECONDS * 1_000 + 5 * 60_000;

interface SessionServiceOptions {
  readonly store: SessionStore;
  readonly bus: Bus;
  readonly jwtSecret: string;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Shorter lifetimes for tests. Absent: ACCESS_TOKEN_SECONDS. */
  readonly times?: SessionTimes | undefined;
}

export interface SessionTimes {
  readonly accessTokenSeconds: number;
}

/** The tokens that a client receives. The refresh token is shown once, and stored as a hash. */
export interface SessionTokens {
  readonly userId: string;
  readonly sessionId: string;
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** The lifetime in seconds, for a client whose clock is wrong. */
  readonly expiresIn: number;
  readonly refreshToken: string;
}

/**
 * Sessions without a query for each request. An access token is valid by its signature for 15 minutes. Every instance
 * remembers the sessions that ended within that time: it hears of them over the bus, and reads them at the start and after a
 * gap of the bus.
 */
export class SessionService implements Authenticator {
  private readonly ended = new Map<string, number>();
  private readonly verified = new VerifiedTokens();
  private readonly listeners = new Set<(sessionId: string) => void>();
  /** The running refreshes of this instance, by the hash of the token, so that two simultaneous tabs get one answer. */
  private readonly refreshing = new Map<string, Promise<SessionTokens>>();
  private readonly closing = new AbortController();
  private readonly now: () => Date;
  /** A key object, because for a string jsonwebtoken would try on each request whether it is a public key. */
  private readonly secret: KeyObject;
  /** Derives the next refresh token from the last one, equally on every instance. Nobody without the key can derive it. */
  private readonly successorKey: Buffer;

  constructor(private readonly options: SessionServiceOptions) {
    this.secret = createSecretKey(Buffer.from(options.jwtSecret));
    this.successorKey = Buffer.from(hkdfSync('sha256', options.jwtSecret, '', 'postern refresh token', 32));
    this.now = options.now ?? (() => new Date());
    options.bus.subscribe(TOPIC, (payload) => {
      const message = Ended.safeParse(payload);
      if (message.success) this.remember(message.data.sessionId);
    });
    options.bus.onGap(() => void this.catchUp());
  }

  /** Reads the sessions that have ended recently. Await it before the first request. */
  async start(): Promise<void> {
    const since = new Date(this.now().getTime() - REVOCATION_RETENTION_MS);
    for (const sessionId of await this.options.store.endedSince(since)) this.remember(sessionId);
  }

  /** Stops reading the sessions that other instances have ended. */
  close(): void {
    this.closing.abort();
  }

  /**
   * Returns the user and session of the access token, without a query. Returns null for a token that is not of this gateway
   * or that has expired.
   */
  async authenticate(accessToken: string): Promise<Principal | null> {
    const principal = this.principalOf(accessToken);
    if (principal && this.ended.has(principal.sessionId)) {
      throw unauthenticated('This session has ended: sign in again.');
    }
    return principal;
  }

  private principalOf(accessToken: string): SessionPrincipal | null {
    const now = this.now();
    const known = this.verified.get(accessToken, now);
    if (known) return known;
    const principal = verifyAccessToken(accessToken, this.secret, now);
    if (principal) this.verified.add(accessToken, principal);
    return principal;
  }

  async open(userId: string): Promise<SessionTokens> {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(this.now().getTime() + MAX_SESSION_LIFETIME_MS);
    const sessionId = await this.options.store.create(userId, expiresAt, this.row(token));
    return this.tokens(userId, sessionId, token);
  }

  /**
   * Throws MailError UNAUTHENTICATED. The reuse of a token ends its session. `disconnected` aborts when the client
   * disconnects: then it has not received the answer, and may use the token again.
   */
  refresh(refreshToken: string, disconnected?: AbortSignal): Promise<SessionTokens> {
    const hash = sha256(refreshToken);
    const running = this.refreshing.get(hash);
    if (running) return running;
    const refresh = this.rotate(refreshToken, hash, disconnected).finally(() => this.refreshing.delete(hash));
    this.refreshing.set(hash, refresh);
    return refresh;
  }

  /** Ends the session: on this instance when it returns, and on the others as soon as the bus has notified them. */
  async end(sessionId: string, reason: EndReason): Promise<void> {
    await this.options.store.end(sessionId, reason, this.now());
    this.remember(sessionId);
    await this.options.bus.publish(TOPIC, { sessionId });
  }

  /** Calls back once for each session that ends, on whichever instance it was ended. */
  onEnded(fn: (sessionId: string) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /**
   * The listening connection may be back before the rest of the store. Until the read succeeds, sessions that have ended on
   * other instances are still accepted here.
   */
  private async catchUp(): Promise<void> {
    await retryUntilStoreIsBack(() => this.start(), this.closing.signal).catch((err: unknown) => {
      if (!this.closing.signal.aborted) this.options.log.error({ err }, 'the ended sessions could not be read');
    });
  }

  private async rotate(refreshToken: string, hash: string, disconnected?: AbortSignal): Promise<SessionTokens> {
    const token = createHmac('sha256', this.successorKey).update(refreshToken).digest('base64url');
    const rotation = await this.options.store.rotate(hash, this.row(token), this.now(), disconnected);
    if (rotation.outcome === 'rotated') return this.tokens(rotation.userId, rotation.sessionId, token);
    if (rotation.outcome === 'replayed') {
      this.options.log.warn({ sessionId: rotation.sessionId }, 'a refresh token was used twice: its session is ended');
      await this.end(rotation.sessionId, 'REPLAYED');
    }
    throw new MailError('UNAUTHENTICATED', 'The refresh token is not valid any more: sign in again.', {
      field: ['input', 'refreshToken'],
    });
  }

  private tokens(userId: string, sessionId: string, refreshToken: string): SessionTokens {
    const expiresIn = this.options.times?.accessTokenSeconds ?? ACCESS_TOKEN_SECONDS;
    const { accessToken, expiresAt } = signAccessToken({ userId, sessionId }, this.secret, this.now(), expiresIn);
    return { userId, sessionId, accessToken, expiresAt, expiresIn, refreshToken };
  }

  private row(token: string): NewRefreshToken {
    return { hash: sha256(token), expiresAt: new Date(this.now().getTime() + REFRESH_TOKEN_LIFETIME_MS) };
  }

  private remember(sessionId: string): void {
    const now = this.now().getTime();
    const isNew = !this.ended.delete(sessionId);
    this.ended.set(sessionId, now + REVOCATION_RETENTION_MS);
    for (const [id, until] of this.ended) {
      if (until >= now) break; // The map is in the order of insertion, so the rest is newer.
      this.ended.delete(id);
    }
    if (isNew) for (const fn of this.listeners) fn(sessionId);
  }
}
