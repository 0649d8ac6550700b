const BASE = 'https://www.googleapis.com/auth/';

/** The code uses short names. In requests Gmail's scopes are URLs. */
export const SCOPES = {
  full: 'https://mail.google.com/',
  readonly: `${BASE}gmail.readonly`,
  modify: `${BASE}gmail.modify`,
  compose: `${BASE}gmail.compose`,
  send: `${BASE}gmail.send`,
  insert: `${BASE}gmail.insert`,
  labels: `${BASE}gmail.labels`,
  metadata: `${BASE}gmail.metadata`,
  settings: `${BASE}gmail.settings.basic`,
  sharing: `${BASE}gmail.settings.sharing`,
} as const;
export type Scope = keyof typeof SCOPES;

/** The text of the consent page for each scope. */
export const CONSENT_TEXT: Readonly<Record<string, string>> = {
  openid: 'Associate you with your personal info on Google',
  email: 'See your primary Google Account email address',
  profile: 'See your personal info, including any personal info you have made publicly available',
  [`${BASE}userinfo.email`]: 'See your primary Google Account email address',
  [`${BASE}userinfo.profile`]: 'See your personal info',
  [SCOPES.full]: 'Read, compose, send, and permanently delete all your email from Gmail',
  [SCOPES.readonly]: 'View your email messages and settings',
  [SCOPES.modify]: 'Read, compose, and send emails from your Gmail account',
  [SCOPES.compose]: 'Manage drafts and send emails',
  [SCOPES.send]: 'Send email on your behalf',
  [SCOPES.insert]: 'Add emails into your Gmail mailbox',
  [SCOPES.labels]: 'See and edit your email labels',
  [SCOPES.metadata]: 'View your email message metadata such as labels and headers, but not the email body',
  [SCOPES.settings]: 'See, edit, create, or change your email settings and filters in Gmail',
  [SCOPES.sharing]: 'Manage your sensitive mail settings, including who can manage your mail',
};

/** Google returns these two scopes by their long names. */
const CANONICAL: Readonly<Record<string, string>> = {
  email: `${BASE}userinfo.email`,
  profile: `${BASE}userinfo.profile`,
};

export function canonicalScopes(scopes: Iterable<string>): string[] {
  return [...new Set([...scopes].map((scope) => CANONICAL[scope] ?? scope))];
}
