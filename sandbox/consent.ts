import { SandboxError } from './error.ts';
import { isLoopbackUrl } from './loopback.ts';

/** Fills in an emulator's consent page as a person would: it reads the form, ticks every scope and approves. */

/**
 * Goes from the authorization URL back to the gateway's callback and grants everything. Returns what `finishConnect` needs:
 * the token of the redirect, or the code that the page shows.
 */
export async function approveConsent(authorizationUrl: string, account: string): Promise<string> {
  const page = await fetch(authorizationUrl, { redirect: 'manual' });
  const html = await page.text();
  if (page.status !== 200) throw new SandboxError(`the sign-in page answered ${page.status}`);
  const form = readForm(html, authorizationUrl);
  if (!form) throw new SandboxError('the sign-in page has no form to fill in');
  form.fields.set('account', account);
  form.fields.set('decision', 'approve');
  const decided = await fetch(form.action, { method: 'POST', body: form.fields, redirect: 'manual' });
  const location = decided.headers.get('location');
  if (decided.status !== 302 || location === null) {
    throw new SandboxError(`the sign-in page answered ${decided.status} to the approval`);
  }
  const callback = new URL(location, form.action);
  if (!isLoopbackUrl(callback.href)) {
    throw new SandboxError(`the sign-in page sends the browser to ${callback.origin}, which is not this machine`);
  }
  return tokenOf(await fetch(callback, { redirect: 'manual' }));
}

/** Reads the token or the code with which the gateway's callback lets the browser finish. */
export async function tokenOf(outcome: Response): Promise<string> {
  const back = outcome.headers.get('location');
  const page = await outcome.text();
  const token = back
    ? new URL(back).searchParams.get('token')
    : (/<output id="code">([^<]+)<\/output>/.exec(page)?.[1] ?? null);
  if (token === null) throw new SandboxError(`the gateway's callback answered ${outcome.status} without a token`);
  return token;
}

interface Form {
  readonly action: string;
  readonly fields: URLSearchParams;
}

function readForm(html: string, pageUrl: string): Form | null {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(html);
  if (!form) return null;
  const fields = new URLSearchParams();
  for (const [, tag = ''] of (form[2] ?? '').matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(tag, 'name');
    if (name !== null) fields.append(name, attribute(tag, 'value') ?? '');
  }
  return { action: new URL(attribute(form[1] ?? '', 'action') ?? '', pageUrl).href, fields };
}

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`, 'i').exec(tag);
  return found ? unescapeHtml(found[1] ?? '') : null;
}

function unescapeHtml(text: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi,
    (entity, hex?: string, decimal?: string, name?: string) => {
      if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal) return String.fromCodePoint(Number(decimal));
      return names[(name ?? '').toLowerCase()] ?? entity;
    },
  );
}
