import { hash, verify } from '@node-rs/argon2';
import { MailError } from '../../domain/error.ts';

const MIN_CHARACTERS = 10;
/** A longer password costs more to hash. */
const MAX_BYTES = 256;

/** Argon2id as OWASP recommends: 19 MiB and two passes. */
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

/** The password is normalised to NFC, because keyboards encode the same letters differently. */
export const hashPassword = (password: string): Promise<string> => hash(password.normalize('NFC'), COST);

let dummyHash: Promise<string> | null = null;

/**
 * `passwordHash` is null for a user who does not exist. The check then takes as long, so that its time does not reveal whether
 * there is such a user.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (Buffer.byteLength(password) > MAX_BYTES) return false;
  dummyHash ??= hash('nobody', COST);
  const matches = await verify(passwordHash ?? (await dummyHash), password.normalize('NFC'));
  return matches && passwordHash !== null;
}
