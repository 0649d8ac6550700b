import { hash, verify } from '@node-rs/argon2';
import { MailError } from '../../domain/error.ts';

const MIN_CHARACTERS = 10;
/** Hashing costs with the length. */
const MAX_BYTES = 256;

/** Argon2id as OWASP advises: 19 MiB, two passes. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Throws INVALID with the rule that the password breaks. */
export function requireGoodPassword(password: string): void {
  const field = ['input', 'password'];
  if ([...password].length < MIN_CHARACTERS) {
    throw new MailError('INVALID', `A password has at least ${MIN_CHARACTERS} characters.`, { field });
  }
  if (Buffer.byteLength(password) > MAX_BYTES) {
    throw new MailError('INVALID', `A password has at most ${MAX_BYTES} bytes.`, { field });
  }
}

/** NFC first: the same letters, whichever keyboard typed them. */
export const hashPassword = (password: string): Promise<string> => hash(password.normalize('NFC'), COST);

let ofNobody: Promise<string> | null = null;

/** Null for a user who does not exist: takes as long, so that the time does not tell. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (Buffer.byteLength(password) > MAX_BYTES) return false;
  ofNobody ??= hash('nobody', COST);
  const matches = await verify(passwordHash ?? (await ofNobody), password.normalize('NFC'));
  return matches && passwordHash !== null;
}
