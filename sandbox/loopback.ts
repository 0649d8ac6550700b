/** The sandbox serves this machine alone, and calls nobody else: both are decided here, by exact names. */

const HOST_HEADER = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;
const HOSTS = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

export function isLoopbackHost(host: string): boolean {
  return HOSTS.has(host.toLowerCase());
}

/** A browser that was sent here under another name (DNS rebinding) says so in its Host header. */
export function isLoopbackHeader(header: string | undefined): boolean {
  return header !== undefined && HOST_HEADER.test(header);
}

/** Whether the sandbox may send a request there. */
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
