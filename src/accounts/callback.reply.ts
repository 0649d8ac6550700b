import { createHash } from 'node:crypto';
import type { ErrorCode } from '../domain/error.ts';

/** How a flow ended. */
export type Outcome =
  | { readonly status: 'connected'; readonly integration: string; readonly address: string; readonly provider: string }
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly message: string };

/** What the HTTP server sends. */
export interface CallbackReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem}h1{font-size:1.4rem}';

/** The URL that brought the browser here holds a code: nobody is to learn it from a cache or a Referer. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Back to the front-end, which reads status, and integration or code and message, from the query. */
export function redirectReply(redirectUri: string, outcome: Outcome): CallbackReply {
  const url = new URL(redirectUri);
  url.searchParams.set('status', outcome.status);
  if (outcome.status === 'connected') {
    url.searchParams.set('integration', outcome.integration);
  } else {
    url.searchParams.set('code', outcome.code);
    url.searchParams.set('message', outcome.message);
  }
  return { status: 303, headers: { ...HEADERS, location: url.href }, body: '' };
}

/** For a flow without a front-end to go back to. Loads nothing, runs nothing, cannot be framed. */
export function pageReply(outcome: Outcome): CallbackReply {
  const [title, text] =
    outcome.status === 'connected'
      ? ['Connected', `${outcome.address} (${outcome.provider}) is connected. You can close this page.`]
      : ['Not connected', outcome.message];
  return {
    status: outcome.status === 'connected' ? 200 : outcome.code === 'STORE_UNAVAILABLE' ? 503 : 400,
    headers: {
      ...HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': CONTENT_SECURITY_POLICY,
    },
    body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1><p>${escapeHtml(text)}</p></main></body>
</html>
`,
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
