import { type CallGuide, TARGET } from './call.ts';

/** The calls that make requests and webhooks fail. */
export const FAULT_CALLS = {
  'GET /control/faults': {
    does: 'Lists the faults that are set. met is the number of requests that the fault has applied to.',
    answer: '[{id, fault, met}]',
  },
  'POST /control/faults': {
    does: 'Sets a fault. Requests that match vendor, account and operation are then answered as the other fields say. The parts of a batch count as requests. Give at least one of status, error, latencyMs, hang, loseAnswer, truncate, body, emptyPage, pageSize and webhook. If several faults match a request, the one that was set first applies.',
    fields: {
      ...TARGET,
      operation:
        'The name of an operation as GET /control/log shows it, or the beginning of a name followed by *. Examples: messages.list, drafts.create upload (the pieces of a resumable upload), batch and token at Google; GET /me/messages, POST /$batch and token at Microsoft; webhook at both. Default: all operations.',
      status: 'The status of the answer, from 400 to 599. The answer has the form of the vendor.',
      error: 'The name of an error, from the list errors below. Its own status is used unless status is given as well.',
      retryAfterSeconds:
        'How long the client must wait, 0 or more. Gmail says so in the text of a 403 or 429 (User-rate limit exceeded.  Retry after 2026-…Z). All other answers say so in the Retry-After header.',
      retryAfter: 'The exact value of the Retry-After header, for example an HTTP date. One line.',
      latencyMs:
        'Delays the answer by so many milliseconds, at most 600000. With the operation webhook it delays webhooks. At Microsoft it delays the parts of a batch only if operation is given.',
      hang: 'true: the requests are accepted and never answered, not even after the fault is cleared, as if the server had died. release: they are answered when the fault is cleared, as if the server had been stuck.',
      loseAnswer: 'true: the request takes effect, and then the connection is cut before the answer.',
      truncate: 'true: the connection is cut in the middle of the answer.',
      body: 'The body of the answer, which need not be JSON. With status it replaces the error of the vendor. Without status the request takes effect first.',
      emptyPage:
        'true: history.list at Google, and every list and delta at Microsoft, returns a page without items and a link or token to the next page.',
      pageSize:
        'A list of messages at Microsoft returns at most so many messages in a page, whatever the client requests, and a link to the next page. From 1 to 1000.',
      webhook: 'lose: webhooks are not sent. repeat: webhooks are sent twice.',
      times: 'The number of requests that the fault applies to, 1 or more. Default: it applies until it is cleared.',
      share:
        'The share of the matching requests that the fault applies to, above 0 and at most 1. 0.25 applies to every fourth request. Default: 1.',
      seed: 'A whole number, 0 or more. It picks the requests of share in an irregular order, which is always the same for the same seed. Default: every nth request.',
    },
    answer: '{id}',
  },
  'DELETE /control/faults[/:id]': { does: 'Clears all faults, or the one with this id.', answer: '{cleared: true}' },
} as const satisfies Record<string, CallGuide>;
