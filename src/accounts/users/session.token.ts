import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { EVERYTHING, type Principal } from '../../graphql/principal.ts';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const ISSUER = 'postern';
const AUDIENCE = 'postern:api';

/** Who an access token speaks for: a user, in one of their sessions. */
export type SessionPrincipal = Principal & { readonly sessionId: string };

/** A JWT that says who and which session, and nothing else about the user. */
export function signAccessToken(
  who: Pick<SessionPrincipal, 'userId' | 'sessionId'>,
  secret: KeyObject,
  now: Date,
  seconds: number,
): { accessToken: string; expiresAt: Date } {
  const iat = Math.floor(now.getTime() / 1_000);
  const exp = iat + seconds;
  const accessToken = jwt.sign({ sid: who.sessionId, iat, exp }, secret, {
    algorithm: 'HS256',
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: who.userId,
  });
  return { accessToken, expiresAt: new Date(exp * 1_000) };
}

/** Null for anything but a token that signAccessToken made with this secret and that has not expired. */
export function verifyAccessToken(token: string, secret: KeyObject, now: Date): SessionPrincipal | null {
  try {
    const claims = jwt.verify(token, secret, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTimestamp: Math.floor(now.getTime() / 1_000),
    });
    if (typeof claims === 'string') return null;
    const { sub, sid, exp } = claims;
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') return null;
    return { userId: sub, kind: 'session', scopes: [EVERYTHING], sessionId: sid, expiresAt: new Date(exp * 1_000) };
  } catch {
    return null;
  }
}
