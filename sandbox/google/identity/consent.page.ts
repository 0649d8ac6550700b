import { CONSENT_TEXT } from './scopes.ts';

interface ConsentPage {
  readonly clientId: string;
  /** The query of the authorization request, to which the form posts back. */
  readonly query: string;
  readonly accounts: readonly string[];
  readonly loginHint: string | null;
  /** Scopes that are granted with the approval. Google shows them without a checkbox. */
  readonly identityScopes: readonly string[];
  readonly scopes: readonly string[];
}

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#202124}
main{border:1px solid #dadce0;border-radius:8px;padding:1.5rem 2rem}
h1{font-size:1.25rem;font-weight:500;margin:0 0 1rem}
label{display:block;margin:.5rem 0}select{width:100%;padding:.5rem;font:inherit}
fieldset{border:0;border-top:1px solid #dadce0;margin:1rem 0 0;padding:1rem 0 0}
button{font:inherit;padding:.5rem 1.25rem;border-radius:4px;border:1px solid #dadce0;background:#fff;margin-right:.5rem}
button[value=approve]{background:#1a73e8;color:#fff;border-color:#1a73e8}
small{color:#5f6368}`;

/** The page on which a user of the sandbox chooses an account and what to grant. */
export function consentPage(page: ConsentPage): string {
  const options = page.accounts.map((address) => {
    const selected = address.toLowerCase() === page.loginHint?.toLowerCase() ? ' selected' : '';
    return `<option value="${escapeHtml(address)}"${selected}>${escapeHtml(address)}</option>`;
  });
  const boxes = page.scopes.map(
    (scope) =>
      `<label><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked> ${escapeHtml(CONSENT_TEXT[scope] ?? scope)}</label>`,
  );
  const identity = page.identityScopes.map((scope) => `<li>${escapeHtml(CONSENT_TEXT[scope] ?? scope)}</li>`);
  return document(
    'Sign in',
    `<form method="post" action="?${escapeHtml(page.query)}">
<h1>${escapeHtml(page.clientId)} wants to access your Google Account</h1>
<label>Account <select name="account">${options.join('')}</select></label>
${identity.length > 0 ? `<ul>${identity.join('')}</ul>` : ''}
<fieldset>${boxes.join('\n')}</fieldset>
<p><button name="decision" value="approve">Continue</button><button name="decision" value="deny">Cancel</button></p>
</form>`,
  );
}

export function refusalPage(error: string, message: string): string {
  return document(
    'Access blocked',
    `<h1>Access blocked: authorization error</h1><p>${escapeHtml(message)}</p><p><small>Error: ${escapeHtml(error)}</small></p>`,
  );
}

function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} - Google (Postern sandbox)</title>
<style>${STYLE}</style></head><body><main>${body}</main><p><small>This is the Postern sandbox, not Google.</small></p></body></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
