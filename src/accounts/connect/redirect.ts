/**
 * Where a connect flow may send the browser back to. RFC 9700 2.1 asks for exact matching: what is compared is parsed,
 * and only a URL that is written as the parser writes it is parsed at all, because every second spelling (dot segments,
 * escapes of escapes, backslashes, 127.1, capital letters) is one that two programs may read differently.
 */
export interface RedirectRules {
  /** REDIRECT_URIS. */
  readonly allowed: readonly string[];
  /** Any page of this machine, as the sandbox allows: a front-end under development runs on some port of it. */
  readonly anyLoopback: boolean;
}

interface Redirect {
  readonly url: URL;
  readonly kind: 'web' | 'app';
  /** All before the query. */
  readonly base: string;
  /** An origin without so much as a slash behind it. */
  readonly isOrigin: boolean;
}

const MAX_LENGTH = 2_000;
/** RFC 3986 without escapes, the semicolon, which some servers take for the end of a segment, and the asterisk of patterns. */
const PATH = /^[\w.~!$&'()+,=:@/-]*$/;
/** RFC 8252 7.1: a domain name that the app's maker owns, reversed. The period keeps out every scheme that runs or reads something. */
const APP_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;
/** Reversed domains begin with a top-level domain; these only look like a scheme that browsers know. */
const LOOKALIKE =
  /^(https?|wss?|ftps?|javascript|data|file|blob|vbscript|intent|about|mailto|tel|sms|view-source|content)\./;
const HOST = /^([\w-]+\.)*[\w-]+$|^\[[\da-f:.]+\]$/;
const LOOPBACK_IPS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]']);

/** Null when the flow may go there; else why not, in words. */
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

/** Null for an entry of REDIRECT_URIS that can match; else why it never would. */
export function redirectEntryFault(entry: string): string | null {
  const redirect = read(entry);
  if (typeof redirect === 'string') return redirect;
  return redirect.url.search === '' ? null : 'has a query, which is left to each request';
}

function matches({ url, kind, base }: Redirect, entry: Redirect): boolean {
  if (kind !== entry.kind) return false;
  // Exactly: no app has a reason to vary it, and no server will ever parse it.
  if (kind === 'app') return base === entry.base && url.search === '';
  if (url.protocol !== entry.url.protocol || url.hostname !== entry.url.hostname) return false;
  if (url.port !== entry.url.port && !isAnyPort(entry.url)) return false;
  return entry.isOrigin || url.pathname === entry.url.pathname;
}

/** RFC 8252 7.3: an app takes the port that it gets. `localhost` may lead elsewhere (8.3), so it says so by naming none. */
const isAnyPort = ({ protocol, hostname, port }: URL): boolean =>
  protocol === 'http:' && (LOOPBACK_IPS.has(hostname) || (hostname === 'localhost' && port === ''));

const isLoopback = ({ kind, url }: Redirect): boolean =>
  kind === 'web' && (LOOPBACK_IPS.has(url.hostname) || url.hostname === 'localhost');

/** The redirect, or what is wrong with how it is written. */
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
