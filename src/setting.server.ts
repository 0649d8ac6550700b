import proxyAddress from '@fastify/proxy-addr';
import { z } from 'zod';
import { redirectEntryFault } from './accounts/connect/redirect.ts';
import type { Key } from './platform/secrets/seal.ts';
import { list } from './platform/setting.ts';

/** The kinds of settings that only the gateway itself has. */

const NEW_KEY = '1:$(openssl rand -base64 32)';

/** Parses `VERSION:BASE64 of 32 bytes`, comma-separated. The first key seals, and all of them open. */
export const encryptionKeys = list.transform((entries, context): readonly Key[] => {
  const keys = entries.flatMap((entry) => {
    // The check is strict, because a decoder skips characters that are not base64, and a mistyped key would be another
    // key.
    const [, version, base64] = /^([1-9]\d{0,8}):([A-Za-z\d+/]{43}=?)$/.exec(entry) ?? [];
    return version === undefined || base64 === undefined
      ? []
      : [{ version: Number(version), bytes: Buffer.from(base64, 'base64') }];
  });
  const fault = (message: string) => context.addIssue({ code: 'custom', message });
  if (keys.length < entries.length || keys.length === 0)
    fault(`each key is VERSION:BASE64 of 32 bytes, comma-separated, for example ${NEW_KEY}`);
  if (new Set(keys.map(({ version }) => version)).size < keys.length)
    fault('two keys have the same version; a new key gets a new one');
  return keys;
});

export const secret = z.string().min(32, 'must have at least 32 characters; set $(openssl rand -base64 48)');

/** The modes that the driver knows. It treats any other value as verify-full. */
const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

export const postgresUrl = z
  .string()
  .superRefine((value, context) => {
    const fault = (message: string) => context.addIssue({ code: 'custom', message });
    if (!/^postgres(ql)?:\/\//.test(value))
      return fault('must begin with postgres:// or postgresql://, as postgres://user:password@host:5432/name');
    if (!URL.canParse(value))
      return fault(
        'is not a URL; special characters in its user or password are percent-encoded (# as %23, / as %2F, @ as %40)',
      );
    const { hostname, pathname, searchParams } = new URL(value);
    if (hostname === '' && !searchParams.has('host'))
      fault('names no host, as postgres://user:password@host:5432/name');
    const sslmode = searchParams.get('sslmode');
    if (sslmode !== null && !SSL_MODES.includes(sslmode))
      fault(`has an unknown sslmode; it must be one of ${SSL_MODES.join(', ')}`);
    // Prisma's own URLs have it, but the driver ignores it: the tables would be made in another schema.
    if (searchParams.has('schema'))
      fault('has the parameter schema, which the driver ignores: leave it out, and give Postern a database of its own');
    if (pathname.length < 2) fault('names no database, as postgres://user:password@host:5432/name');
  })
  .transform(withPlainSslMode);

/**
 * Writes verify-full for prefer, require and verify-ca. The driver treats them so anyway, but prints nine lines about
 * it to stderr at each start, where a log of JSON is read. With uselibpqcompat they mean what they mean to libpq, and
 * are kept.
 */
function withPlainSslMode(value: string): string {
  if (/[?&]uselibpqcompat=true(&|$)/.test(value)) return value;
  return value.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

/** Parses the proxies whose X-Forwarded-* headers are trusted. */
export const trustProxy = z.string().transform((value, context): readonly string[] | number | false => {
  if (value === '' || value === 'false' || value === '0') return false;
  if (/^\d{1,2}$/.test(value)) return Number(value);
  const entries = value
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  try {
    proxyAddress.compile(entries);
    if (entries.length > 0) return entries;
  } catch {
    // The message of the package names neither the variable nor a correct value.
  }
  context.addIssue({
    code: 'custom',
    message:
      'must be a number of hops, as 1, or the addresses and networks of your proxies, comma-separated, as 10.0.0.0/8 or loopback',
  });
  return false;
});

/** Parses origins as browsers write them in the Origin header. Apps have schemes of their own. */
export const origins = list.superRefine((entries, context) => {
  for (const entry of entries) {
    const fault = originFault(entry);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  }
});

function originFault(entry: string): string | null {
  const example = 'as https://app.example.com';
  if (entry === '*') return `* is not an origin: list the origins of your pages, ${example}`;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#\s@]+\/?$/i.test(entry) || !URL.canParse(entry))
    return `an entry is not an origin: scheme and host without a path, ${example}`;
  const { protocol, host } = new URL(entry);
  if (host.includes('*')) return `${entry} has a wildcard: list each origin, ${example}`;
  const origin = `${protocol}//${host}`;
  return origin === entry ? null : `browsers write ${origin} and not ${entry}, which would never match`;
}

export const redirectUris = list.superRefine((entries, context) => {
  for (const entry of entries) {
    const fault = redirectEntryFault(entry);
    if (fault) context.addIssue({ code: 'custom', message: `${entry} ${fault}, so that it would never match` });
  }
});
