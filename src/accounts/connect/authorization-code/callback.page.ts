import { createHash } from 'node:crypto';
import type { Access } from '../../../providers/contract/connect.ts';

/** The pages of a flow that has no front-end to return to. They load nothing, run nothing and cannot be framed. */

const STYLE = [
  ':root{color-scheme:light dark}',
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;overflow-wrap:anywhere}',
  'h1{font-size:1.4rem}',
  'dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{opacity:.7}dd{margin:0;font-weight:600}',
  '@media(max-width:32rem){body{margin:2rem auto}dl{grid-template-columns:1fr;gap:0}dd+dt{margin-top:.75rem}}',
  '.warning{border-left:4px solid #c2410c;padding:.25rem 0 .25rem 1rem}',
  'output{display:block;font:600 1.9rem/1.2 ui-monospace,monospace;letter-spacing:.06em;user-select:all;',
  'overflow-wrap:normal;margin:1.5rem 0}',
].join('');

export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const MEANING: Readonly<Record<Access, string>> = {
  READ: 'read all mail',
  WRITE: 'read all mail, change it, and send mail in your name',
  FULL: 'read all mail, change it, send mail in your name, and delete mail permanently',
};

interface Pending {
  readonly token: string;
  readonly askedBy: string;
  readonly provider: string;
  readonly access: Access;
}

/**
 * Shows who would get which access before it shows the code that grants it, because this person may have followed the link
 * of a stranger.
 */
export function pendingPage({ token, askedBy, provider, access }: Pending): string {
  const half = token.length / 2;
  return page(
    'Not connected yet',
    `<dl>
<dt>Asked for by</dt><dd>${escapeHtml(askedBy)}</dd>
<dt>Who would be able to</dt><dd>${escapeHtml(MEANING[access])}</dd>
<dt>Of your account at</dt><dd>${escapeHtml(provider)}</dd>
</dl>
<p class="warning"><strong>Only if you are ${escapeHtml(askedBy)} and began this yourself:</strong> enter the code below where you began.
If somebody sent you a link here, or asks you for the code, close this page: nothing has been given to them.</p>
<output id="code">${escapeHtml(`${token.slice(0, half)}-${token.slice(half)}`)}</output>
<p>The code serves once, for ten minutes from when you began.</p>`,
  );
}

export const failedPage = (message: string): string => page('Not connected', `<p>${escapeHtml(message)}</p>`);

/** Says only what is known. Any link can lead here, and only the next sign-in shows whether there is an approval. */
export const approvalPage = (approval: 'given' | 'declined'): string =>
  approval === 'given'
    ? page(
        'Thank you',
        `<p>If you have approved this gateway for your organisation, its people may sign in now: the person who asked you can connect their account again.</p>
<p>No account of yours was connected. You can close this page.</p>`,
      )
    : page(
        'Not approved',
        `<p>This gateway was not approved for your organisation, so its people cannot connect their accounts yet. The link that brought you here serves again.</p>
<p>No account of yours was connected. You can close this page.</p>`,
      );

const page = (title: string, main: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${main}
</main></body>
</html>
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
