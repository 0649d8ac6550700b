import jwt from 'jsonwebtoken';
import { normaliseEmail } from '../../domain/address.ts';

const ISSUER = 'postern';
const AUDIENCE = 'postern:invite';
const DAYS = 7;

/** Signs an invitation for one address. It is valid for seven days, and only once, because an address registers once. */
export function createInvitation(email: string, secret: string): string {
  return jwt.sign({}, secret, {
    algorithm: 'HS256',
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: normaliseEmail(email),
    expiresIn: `${DAYS}d`,
  });
}

export function isInvited(invitation: string, email: string, secret: string): boolean {
  try {
    const options = { algorithms: ['HS256' as const], issuer: ISSUER, audience: AUDIENCE };
    return jwt.verify(invitation, secret, options).sub === normaliseEmail(email);
  } catch {
    return false;
  }
}
