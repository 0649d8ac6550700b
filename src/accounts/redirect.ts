/**
 * Whether a connect flow may send the browser to `target`. An entry of the allow-list is an origin or a URL prefix:
 * scheme, host and port must be the same, and the path must be the prefix or lie below it. Compared as parsed, because
 * https://app.example.evil.test begins like https://app.example, and so does https://app.example@evil.test.
 */
export function isAllowedRedirect(target: string, allowed: readonly string[]): boolean {
  const url = parse(target);
  if (!url) return false;
  if (url.username || url.password || url.hash) return false;
  return allowed.some((entry) => {
    const prefix = parse(entry);
    return prefix !== null && prefix.protocol === url.protocol && prefix.host === url.host && isBelow(url, prefix);
  });
}

function isBelow(url: URL, prefix: URL): boolean {
  const root = prefix.pathname.replace(/\/+$/, '');
  if (root === '') return true;
  // A server may read an encoded slash as a slash, and climb out of the prefix.
  if (/%(2f|5c)/i.test(url.pathname)) return false;
  return url.pathname === root || url.pathname.startsWith(`${root}/`);
}

const parse = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);
