/** The sandbox serves this machine alone and sends requests to no other. Both are decided here by exact host names. */

const HOST_HEADER = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;
const HOSTS = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

export function isLoopbackHost(host: string): boolean {
  return HOSTS.has(host.toLowerCase());
}

/** Decides about a Host header. A page that reaches this machine by DNS rebinding sends its own host name there. */
export function isLoopbackHeader(header: string | undefined): boolean {
  return header !== undefined && HOST_HEADER.test(header);
}

/** Returns whether the sandbox may send a request to this URL. */
export function isLoopbackUrl(url: string): boolean {
  const parsed = tryParse(url);
  return parsed !== null && /^https?:$/.test(parsed.protocol) && isLoopbackHost(parsed.hostname);
}

function tryParse(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}
