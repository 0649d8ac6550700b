import type { ErrorCode } from '../../../domain/error.ts';
import type { Access } from '../../../providers/contract/connect.ts';
import { approvalPage, failedPage, PAGE_POLICY, pendingPage } from './callback.page.ts';

/** What the browser is told of a flow: nobody else has been told of it, and `token` is shown nowhere else. */
export type Outcome =
  | {
      readonly status: 'pending';
      readonly token: string;
      /** Who began, for the person at this browser to know. */
      readonly askedBy: string;
      readonly provider: string;
      readonly access: Access;
    }
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly message: string };

/** What the HTTP server sends. */
export interface CallbackReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The URL that brought the browser here holds a code, and the next one a token: nobody is to learn them from a cache or a Referer. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

const PAGE_HEADERS = {
  ...HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': PAGE_POLICY,
};

/** Back to the front-end, which reads the outcome from the query; without one, a page of our own. */
export function outcomeReply(redirectUri: string | null, outcome: Outcome): CallbackReply {
  return redirectUri === null ? pageReply(outcome) : redirectReply(redirectUri, outcome);
}

/** What an administrator has said to the gateway's use by their organisation, as far as the browser tells. */
export type Approval = 'given' | 'declined';

/** A page of its own, in whatever browser: nothing was begun here, and nobody's flow is looked at. */
export const approvalReply = (approval: Approval): CallbackReply => ({
  status: 200,
  headers: PAGE_HEADERS,
  body: approvalPage(approval),
});

function redirectReply(redirectUri: string, outcome: Outcome): CallbackReply {
  const answer: Record<string, string> =
    outcome.status === 'pending'
      ? { status: outcome.status, token: outcome.token }
      : { status: outcome.status, code: outcome.code, message: outcome.message };
  return { status: 303, headers: { ...HEADERS, location: withAnswer(redirectUri, answer) }, body: '' };
}

function pageReply(outcome: Outcome): CallbackReply {
  return {
    status: outcome.status === 'pending' ? 200 : outcome.code === 'STORE_UNAVAILABLE' ? 503 : 400,
    headers: PAGE_HEADERS,
    body: outcome.status === 'pending' ? pendingPage(outcome) : failedPage(outcome.message),
  };
}

/**
 * What a flow tells the page that it goes back to. A parameter of the caller's under one of these names goes, however it
 * is spelled: the page must never read the caller's word, or the first or last of two, for ours.
 */
const OURS =
  /^[\s\0]*(status|integration|code|message|token|address|provider|flow|error|error_description)[\s\0]*([[.].*)?$/isu;

/** `redirectUri` with `answer` in its query, and with what the caller had there beside our names. */
export function withAnswer(redirectUri: string, answer: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  const kept = [...url.searchParams].filter(([name]) => !OURS.test(name));
  url.search = new URLSearchParams([...kept, ...Object.entries(answer)]).toString();
  return url.href;
}
