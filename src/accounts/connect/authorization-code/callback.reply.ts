import type { ErrorCode } from '../../../domain/error.ts';
import type { Access } from '../../../providers/contract/connect.ts';
import { approvalPage, failedPage, PAGE_POLICY, pendingPage } from './callback.page.ts';

/** The outcome that the browser receives. Nobody else receives it, and `token` is shown nowhere else. */
export type CallbackOutcome =
  | {
      readonly status: 'pending';
      readonly token: string;
      /** The address of the user who began the flow, shown to the person at this browser. */
      readonly askedBy: string;
      readonly provider: string;
      readonly access: Access;
    }
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly message: string };

/** The HTTP response. */
export interface CallbackReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** This URL contains a code, and the next one a token. Neither may leak through a cache or a Referer header. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

const PAGE_HEADERS = {
  ...HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': PAGE_POLICY,
};

/** Redirects to the front-end, which reads the outcome from the query. Without a front-end it shows a page of the gateway. */
export function outcomeReply(redirectUri: string | null, outcome: CallbackOutcome): CallbackReply {
  return redirectUri === null ? pageReply(outcome) : redirectReply(redirectUri, outcome);
}

/** Whether an administrator has approved the gateway for their organisation, as far as the browser's query says. */
export type Approval = 'given' | 'declined';

/** Returns a page of its own. An approval belongs to no flow, so no flow is looked up. */
export const approvalReply = (approval: Approval): CallbackReply => ({
  status: 200,
  headers: PAGE_HEADERS,
  body: approvalPage(approval),
});

function redirectReply(redirectUri: string, outcome: CallbackOutcome): CallbackReply {
  const answer: Record<string, string> =
    outcome.status === 'pending'
      ? { status: outcome.status, token: outcome.token }
      : { status: outcome.status, code: outcome.code, message: outcome.message };
  return { status: 303, headers: { ...HEADERS, location: withAnswer(redirectUri, answer) }, body: '' };
}

function pageReply(outcome: CallbackOutcome): CallbackReply {
  return {
    status: outcome.status === 'pending' ? 200 : outcome.code === 'STORE_UNAVAILABLE' ? 503 : 400,
    headers: PAGE_HEADERS,
    body: outcome.status === 'pending' ? pendingPage(outcome) : failedPage(outcome.message),
  };
}

/**
 * The parameters that a flow sends to the page that it returns to. A parameter of the caller with one of these names, in any
 * spelling, is removed, so that the page never takes the caller's value for the gateway's.
 */
const RESERVED_NAMES =
  /^[\s\0]*(status|integration|code|message|token|address|provider|flow|error|error_description)[\s\0]*([[.].*)?$/isu;

/** Returns `redirectUri` with `answer` in its query, beside the caller's parameters that have other names. */
export function withAnswer(redirectUri: string, answer: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  const kept = [...url.searchParams].filter(([name]) => !RESERVED_NAMES.test(name));
  url.search = new URLSearchParams([...kept, ...Object.entries(answer)]).toString();
  return url.href;
}
