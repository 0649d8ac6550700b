import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { EVERYTHING, type Principal } from '../../domain/principal.ts';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const ISSUER = 'postern';
const AUDIENCE = 'postern:api';

/** The principal of an access token: a user in one of their sessions. */
export type SessionPrincipal = Principal & { readonly sessionId: string };

/** Signs a JWT that names the user and the session, and nothing else about the user. */
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

/** Returns null for anything other than an unexpired token that `signAccessToken` made with this secret. */
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
