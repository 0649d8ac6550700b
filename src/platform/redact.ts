const REDACTED = '[redacted]';

/** Properties that never reach a log, in lower case without separators. */
const SECRET_NAMES = new Set(
  (
    'authorization cookie setcookie password passwordhash secret clientsecret clientstate token accesstoken ' +
    'refreshtoken idtoken bearertoken code codeverifier state assertion jwt apikey ' +
    'body rawbody text html snippet subject raw data content response request config ' +
    'address email emailaddress from to cc bcc replyto sender recipients participants variables query'
  ).split(' '),
);
/** Properties that are nested deeper than this are left out. */
const MAX_DEPTH = 6;

/**
 * Returns a copy that may be logged. Errors keep only their type, message, code, stack and cause, and no property that
 * a library added.
 */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redactValue(item, depth + 1));
  // Objects with a serializer or toJSON, such as a request or a reply, are not traversed.
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecret(name, inner) ? REDACTED : redactValue(inner, depth + 1),
    ]),
  );
}

function isSecret(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return false;
  // The code of an error or the state of a source is a constant, which contains no personal data.
  if (/^(code|state)$/.test(name) && typeof value === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(value)) return false;
  return SECRET_NAMES.has(name.toLowerCase().replace(/[-_]/g, ''));
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: error.message.slice(0, 500),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    // The stack repeats the message, which may be long.
    stack: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 12)
      .join('\n'),
    ...(error.cause !== undefined && { cause: redactValue(error.cause, depth + 1) }),
  };
}

// The patterns do not begin with a word boundary: in JSON a line that begins with "Bearer" reads \nBearer.
const LINE_PATTERNS: readonly [RegExp, string][] = [
  // user:password@ of a URL
  [/(:\/\/)[^/\s"@]+@/g, `$1${REDACTED}@`],
  [/(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${REDACTED}`],
  // JWTs, Google's access and refresh tokens
  [/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  [/(?:ya29\.|1\/\/)[\w.-]{10,}/g, REDACTED],
  // query parameters of callbacks and signed links
  [
    /([?&](?:code|state|token|access_token|refresh_token|id_token|validationToken|key|signature)=)[^&"\s\\]+/gi,
    `$1${REDACTED}`,
  ],
  [/(\/download\/)[^/"?\s\\]+/g, `$1${REDACTED}`],
  // Matches only at the start of a word or after a JSON escape. Any other pattern takes quadratic time.
  [
    /(?:(?<![\w.!#$%&'*+/=?^`{|}~\\-])|(?<=\\[nrtbf"\\/])|(?<=\\u[0-9a-f]{4}))[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi,
    '[address]',
  ],
];

/**
 * Removes the values whose name or form is that of a secret from the finished line. The bindings of a child logger pass
 * only through this function.
 */
export function redactLine(line: string): string {
  const named = line.replace(/"([\w-]+)":"((?:[^"\\]|\\.)+)"/g, (pair: string, name: string, value: string) =>
    isSecret(name, value) ? `"${name}":"${REDACTED}"` : pair,
  );
  return LINE_PATTERNS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), named);
}
