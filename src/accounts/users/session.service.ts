import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import { MailError } from '../../domain/error.ts';
import { type Principal, unauthenticated } from '../../graphql/principal.ts';
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
/** However often it is refreshed. */
const MAX_SESSION_LIFETIME_MS = 180 * DAY_MS;
/** An access token of an ended session is dead by itself after this; the rest is for clocks that differ. */
const REVOCATION_RETENTION_MS = ACCESS_TOKEN_SECONDS * 1_000 + 5 * 60_000;

interface SessionServiceOptions {
  readonly store: SessionStore;
  readonly bus: Bus;
  readonly jwtSecret: string;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Asked for each new token; absent: ACCESS_TOKEN_SECONDS, and never more. */
  readonly times?: SessionTimes | undefined;
}

export interface SessionTimes {
  readonly accessTokenSeconds: number;
}

/** What a client is given; the refresh token is shown once and kept as a hash. */
export interface SessionTokens {
  readonly userId: string;
  readonly sessionId: string;
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** The same in seconds from when it was given out, for a client whose clock is wrong. */
  readonly expiresIn: number;
  readonly refreshToken: string;
}

/**
 * Sessions without a query per request: access tokens prove themselves for 15 minutes, and every instance remembers
 * which sessions ended within that time, told over the bus and read again at the start and after a gap.
 */
export class SessionService implements Authenticator {
  private readonly ended = new Map<string, number>();
  private readonly verified = new VerifiedTokens();
  private readonly listeners = new Set<(sessionId: string) => void>();
  /** Refreshes under way here, by the hash of their token: two tabs that ask at once get one answer. */
  private readonly refreshing = new Map<string, Promise<SessionTokens>>();
  private readonly closing = new AbortController();
  private readonly now: () => Date;
  /** As a key object: of a string, jsonwebtoken would try at each request whether it is a public key. */
  private readonly secret: KeyObject;
  /** What a refresh token is traded for follows from it, on every instance, and nobody else can tell. */
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

  /** Reads the sessions that ended lately. Await it before the first request. */
  async start(): Promise<void> {
    const since = new Date(this.now().getTime() - REVOCATION_RETENTION_MS);
    for (const sessionId of await this.options.store.endedSince(since)) this.remember(sessionId);
  }

  /** Reads no more of what other instances have ended. */
  close(): void {
    this.closing.abort();
  }

  /** Who the access token speaks for; null for what is none of ours, or has expired. Asks nobody. */
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
   * Throws MailError UNAUTHENTICATED; a token used a second time ends the session for everyone who holds a part of it.
   * `gone` aborts when the client goes away: it has not had the answer, and may ask again.
   */
  refresh(refreshToken: string, gone?: AbortSignal): Promise<SessionTokens> {
    const hash = sha256(refreshToken);
    const under = this.refreshing.get(hash);
    if (under) return under;
    const refresh = this.rotate(refreshToken, hash, gone).finally(() => this.refreshing.delete(hash));
    this.refreshing.set(hash, refresh);
    return refresh;
  }

  /** Holds here when it returns, and everywhere as soon as the bus has told. */
  async end(sessionId: string, reason: EndReason): Promise<void> {
    await this.options.store.end(sessionId, reason, this.now());
    this.remember(sessionId);
    await this.options.bus.publish(TOPIC, { sessionId });
  }

  /** Calls back once for each session that ends, wherever it was ended. */
  onEnded(fn: (sessionId: string) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /** The listening connection may be back before the rest of the store is: until this is read, what ended elsewhere serves here. */
  private async catchUp(): Promise<void> {
    await retryUntilStoreIsBack(() => this.start(), this.closing.signal).catch((err: unknown) => {
      if (!this.closing.signal.aborted) this.options.log.error({ err }, 'the ended sessions could not be read');
    });
  }

  private async rotate(refreshToken: string, hash: string, gone?: AbortSignal): Promise<SessionTokens> {
    const token = createHmac('sha256', this.successorKey).update(refreshToken).digest('base64url');
    const rotation = await this.options.store.rotate(hash, this.row(token), this.now(), gone);
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
      if (until >= now) break; // in order of insertion: the rest is younger
      this.ended.delete(id);
    }
    if (isNew) for (const fn of this.listeners) fn(sessionId);
  }
}
