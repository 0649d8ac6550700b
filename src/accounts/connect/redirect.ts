/**
 * The pages to which a connect flow may redirect the browser. RFC 9700 2.1 requires exact matching. Parsed URLs are compared,
 * and a URL that is not written as the parser would write it is refused, because two programs may read any other spelling
 * (dot segments, double escapes, backslashes, 127.1, capital letters) differently.
 */
export interface RedirectRules {
  /** The setting REDIRECT_URIS. */
  readonly allowed: readonly string[];
  /** Allows every page of this machine, as the sandbox does, because a front-end under development runs on any port. */
  readonly anyLoopback: boolean;
}

interface Redirect {
  readonly url: URL;
  readonly kind: 'web' | 'app';
  /** The URL without its query. */
  readonly base: string;
  /** True for an origin without a path, and without a slash at its end. */
  readonly isOrigin: boolean;
}

const MAX_LENGTH = 2_000;
/**
 * The characters of RFC 3986, except escapes, the semicolon, which some servers read as the end of a segment, and the
 * asterisk, which looks like a pattern.
 */
const PATH = /^[\w.~!$&'()+,=:@/-]*$/;
/**
 * RFC 8252 7.1: the scheme is a reversed domain name of the app's maker. Requiring a period excludes every scheme that runs
 * code or reads files.
 */
const APP_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;
/** A reversed domain begins with a top-level domain. These look like one, but begin with a scheme that browsers know. */
const LOOKALIKE =
  /^(https?|wss?|ftps?|javascript|data|file|blob|vbscript|intent|about|mailto|tel|sms|view-source|content)\./;
const HOST = /^([\w-]+\.)*[\w-]+$|^\[[\da-f:.]+\]$/;
const LOOPBACK_IPS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]']);

/** Returns null when the flow may redirect there, or else the reason why not, in words. */
export function redirectFault(target: string, rules: RedirectRules): string | null {
  const redirect = read(target);
  if (typeof redirect === 'string') return `This redirectUri ${redirect}.`;
  if (rules.anyLoopback && isLoopback(redirect)) return null;
  const isListed = rules.allowed.some((entry) => {
    const known = read(entry);
    return typeof known !== 'string' && matches(redirect, known);
  });
  return isListed ? null : 'This redirectUri is not on the allow-list of this gateway (REDIRECT_URIS).';
}

/** Returns null for an entry of REDIRECT_URIS that can match, or else the reason why it never would. */
export function redirectEntryFault(entry: string): string | null {
  const redirect = read(entry);
  if (typeof redirect === 'string') return redirect;
  return redirect.url.search === '' ? null : 'has a query, which is left to each request';
}

function matches({ url, kind, base }: Redirect, entry: Redirect): boolean {
  if (kind !== entry.kind) return false;
  // An app has no reason to vary its URI, so it must match exactly.
  if (kind === 'app') return base === entry.base && url.search === '';
  if (url.protocol !== entry.url.protocol || url.hostname !== entry.url.hostname) return false;
  if (url.port !== entry.url.port && !isAnyPort(entry.url)) return false;
  return entry.isOrigin || url.pathname === entry.url.pathname;
}

/**
 * RFC 8252 7.3: an app uses any free port on a loopback IP. `localhost` may resolve to something else (8.3), so any port is
 * allowed only when the entry names none.
 */
const isAnyPort = ({ protocol, hostname, port }: URL): boolean =>
  protocol === 'http:' && (LOOPBACK_IPS.has(hostname) || (hostname === 'localhost' && port === ''));

const isLoopback = ({ kind, url }: Redirect): boolean =>
  kind === 'web' && (LOOPBACK_IPS.has(url.hostname) || url.hostname === 'localhost');

/** Returns the parsed redirect, or what is wrong with its spelling. */
function read(text: string): Redirect | string {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[^\x21-\x7e]|\\/.test(text)) return 'holds a space, a backslash, a control character or one that is not ASCII';
  if (text.includes('#')) return 'has a fragment';
  const base = text.split('?', 1)[0] ?? '';
  if (!URL.canParse(text)) return 'is not an absolute URL';
  const url = new URL(text);
  const kind = /^https?:$/.test(url.protocol) ? 'web' : 'app';
  if (kind === 'app' && (!APP_SCHEME.test(url.protocol) || LOOKALIKE.test(url.protocol))) {
    return 'is neither http, https nor a scheme of an app, which is a reversed domain name with a period';
  }
  if (url.username || url.password) return 'names a user';
  const parsed = new URL(base).href;
  const isOrigin = kind === 'web' && parsed === `${base}/`;
  if (parsed !== base && !isOrigin) return `is written in another way than as ${parsed}`;
  if (kind === 'web' && (!HOST.test(url.hostname) || url.port === '0')) return 'names a host or a port that is none';
  const segments = url.pathname.split('/');
  if (!PATH.test(url.pathname) || segments.some((segment) => segment === '.' || segment === '..')) {
    return 'has a path with an escape, a semicolon, an asterisk or a segment of dots';
  }
  if (segments.slice(1, -1).includes('')) return 'has an empty segment in its path';
  if (kind === 'app' && url.pathname === '' && url.host === '') return 'has nothing behind its scheme';
  return { url, kind, base, isOrigin };
}
