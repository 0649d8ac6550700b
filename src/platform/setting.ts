import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * The kinds of settings in the environment. Each message says what the setting accepts and never repeats the value,
 * which may be a secret.
 */

export const choice = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

export const flag = z
  .enum(['on', 'off', 'true', 'false', '1', '0'], { error: 'must be on or off' })
  .transform((v) => v === 'on' || v === 'true' || v === '1');

/** Parses a number as people write it. Number() would also read "0x10", "1e3" and a blank. */
const number = (pattern: RegExp, min: number, max: number, error: string) =>
  z
    .string()
    .refine((v) => pattern.test(v) && Number(v) >= min && Number(v) <= max, { error, abort: true })
    .transform(Number);

const figures = (n: number): string => n.toLocaleString('en');

export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  number(
    /^\d+$/,
    min,
    max,
    `must be a whole number, ${max === Number.MAX_SAFE_INTEGER ? `${figures(min)} or more` : `from ${figures(min)} to ${figures(max)}`}, in digits alone`,
  );
export const decimal = (min: number, max: number) =>
  number(/^\d+(\.\d+)?$/, min, max, `must be a number from ${min} to ${max}`);
export const port = number(/^\d+$/, 0, 65_535, 'must be a port, from 0 to 65535');

export const url = z
  .string()
  .refine(isHttpUrl, 'must be a URL with http:// or https://, without query and password, as https://mail.example.com')
  .transform((v) => v.replace(/\/+$/, ''));

function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === '' && !/[?#]$/.test(text);
}

export const redisUrl = z
  .string()
  .refine(
    (v) => /^rediss?:\/\/[^/?#]+(\/\d*)?$/.test(v) && URL.canParse(v) && isDecodable(v),
    'must be redis://user:password@host:port, or rediss:// with TLS; special characters in the password are percent-encoded',
  );

/**
 * Returns whether user and password can be decoded. A lone percent sign passes for a URL, but ends the client that
 * decodes it.
 */
function isDecodable(text: string): boolean {
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * The name or the address to which a socket is bound. Whether it belongs to this machine is known only when the socket
 * listens.
 */
export const bindAddress = z
  .string()
  .refine(
    (v) => isIP(v) !== 0 || /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(v),
    'must be an address or a host name alone, without scheme, port or brackets, as 127.0.0.1, 0.0.0.0 or ::1',
  );

/** A list that is separated by commas. Empty entries are ignored. */
export const list = z.string().transform((v) =>
  v
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean),
);

export const domains = list.refine(
  (names) => names.every((name) => /^([a-z\d-]+\.)+[a-z\d-]+$/i.test(name)),
  'must be domains, comma-separated, as example.com, example.org',
);

/** Adds a fault if one setting is set without the other, even if other settings have faults too. */
export const needs = <T extends z.ZodObject>(schema: T, set: string, missing: string): T =>
  schema.refine((values) => !values[set] || values[missing], {
    path: [missing],
    error: `missing; ${set} is set and needs it`,
    when: () => true,
  });
