import { escapeHtml } from '../resources/body.ts';

interface ConsentPage {
  /** The URL to which the form is posted: the authorize URL with its query. */
  readonly action: string;
  readonly clientId: string;
  readonly accounts: readonly { readonly address: string; readonly name: string }[];
  readonly loginHint: string | null;
  readonly scopes: readonly string[];
  /** Fields that are posted back unchanged. */
  readonly hidden: Readonly<Record<string, string>>;
}

const MEANING: Readonly<Record<string, string>> = {
  offline_access: 'Keep access when you are away',
  openid: 'Sign you in',
  profile: 'See your name',
  email: 'See your address',
  'user.read': 'Read your profile',
  'mail.readbasic': 'See the envelopes of your mail',
  'mail.read': 'Read your mail',
  'mail.readwrite': 'Read and change your mail',
  'mail.send': 'Send mail as you',
  'mailboxsettings.read': 'Read your mailbox settings and categories',
  'mailboxsettings.readwrite': 'Read and change your mailbox settings and categories',
};

/** Returns the page on which a user chooses an account and consents. It has no script and loads nothing from other hosts. */
export function consentPage(page: ConsentPage): string {
  const hint = page.loginHint?.toLowerCase() ?? '';
  const options = page.accounts.map(({ address, name }) => {
    const selected = address.toLowerCase() === hint ? ' selected' : '';
    return `<option value="${escapeHtml(address)}"${selected}>${escapeHtml(name)} (${escapeHtml(address)})</option>`;
  });
  const scopes = page.scopes.map((scope) => {
    const meaning = MEANING[scope.split('/').at(-1)?.toLowerCase() ?? ''] ?? scope;
    return `<label><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked> ${escapeHtml(meaning)} <small>${escapeHtml(scope)}</small></label>`;
  });
  const hidden = Object.entries(page.hidden).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return layout(
    'Sign in (Microsoft sandbox)',
    `<p>The application <b>${escapeHtml(page.clientId)}</b> asks for your permission.</p>
<form method="post" action="${escapeHtml(page.action)}">
${hidden.join('\n')}
<p><label>Account <select name="account">${options.join('')}</select></label></p>
<fieldset><legend>It would like to</legend>${scopes.join('\n')}</fieldset>
<p><button name="decision" value="approve">Accept</button> <button name="decision" value="deny">Cancel</button></p>
</form>`,
  );
}

/** Returns the page on which an administrator consents for the whole organization. */
export const adminConsentPage = (action: string, clientId: string): string =>
  layout(
    'Permissions requested (Microsoft sandbox)',
    `<p>Review for your organization: the application <b>${escapeHtml(clientId)}</b> asks for the permissions that it is registered with.</p>
<form method="post" action="${escapeHtml(action)}">
<p><button name="decision" value="approve">Accept</button> <button name="decision" value="deny">Cancel</button></p>
</form>`,
  );

export function errorPage(description: string): string {
  return layout('Sign-in failed (Microsoft sandbox)', `<p>${escapeHtml(description)}</p>`);
}

/** Returns a page that posts an answer to the redirect URI, for response_mode=form_post. */
export function formPostPage(redirectUri: string, fields: URLSearchParams): string {
  const inputs = [...fields].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return layout(
    'Working',
    `<form method="post" action="${escapeHtml(redirectUri)}">${inputs.join('')}<button>Continue</button></form>`,
  );
}

function layout(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b}
h1{font-size:1.3rem}label{display:block;margin:.3rem 0}small{color:#666}fieldset{border:1px solid #ccc}
button{font:inherit;padding:.4rem 1.2rem}button[value=approve]{background:#0067b8;color:#fff;border:0}</style>
</head><body><h1>${title}</h1>
${body}
</body></html>`;
}
