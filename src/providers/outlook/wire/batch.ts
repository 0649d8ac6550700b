import { isMailError, isRetryable, type MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { batchError } from '../../limiter/cooldown.ts';
import { malformed } from './answers.ts';
import { type GraphClient, jsonOf, preferences, TOO_LARGE } from './client.ts';
import { AnswerTooLarge, errorCode, errorText, refused, TokenRefused, unreachable } from './errors.ts';

/** Graph's limit on the requests of one $batch. */
export const MAX_BATCH_SIZE = 20;
/** Graph runs at most four requests of a batch to one mailbox at a time. */
const MAX_BATCH_WIDTH = 4;

export interface BatchPart {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /**
   * True when the request deletes something. If an earlier try went unanswered, a 404 then means that the deletion was
   * done.
   */
  readonly removes?: boolean;
  readonly body?: unknown;
  readonly prefer?: string;
  /**
   * Limit for the answer of a read. A longer batch answer is discarded and its parts are requested in smaller batches;
   * a single part whose answer is still too long becomes AnswerTooLarge.
   */
  readonly maxBytes?: number;
}
/** Parts that run one after another. The outcome is that of the last part, or the first failure. */
export type Chain = readonly BatchPart[];

interface PartRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface PartAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, unknown>> | null;
  readonly body?: unknown;
}

/**
 * Runs the chains step by step: each $batch has the next part of every chain. Graph accepts a $batch that is fully
 * parallel or fully sequential, and refuses one with several chains (microsoft-graph-docs#16280). The parts after a
 * failed one are not sent. Errors are returned as values; only the caller's own abort is thrown.
 */
export async function batch<T>(
  graph: GraphClient,
  operation: string,
  chains: readonly Chain[],
  call: Call,
): Promise<readonly (T | MailError)[]> {
  const outcomes: unknown[] = chains.map(() => undefined);
  const steps = chains.reduce((longest, { length }) => Math.max(longest, length), 0);
  for (let step = 0; step < steps; step++) {
    const parts = new Map<number, BatchPart>();
    for (const [n, chain] of chains.entries()) {
      const part = chain[step];
      if (part && !isMailError(outcomes[n])) parts.set(n, part);
    }
    const answers = await sendAll(graph, operation, [...parts.values()], call);
    for (const [index, n] of [...parts.keys()].entries()) outcomes[n] = answers[index];
  }
  return outcomes as (T | MailError)[];
}

/**
 * Sends independent parts, 20 at a time. The JSON is our own, because the SDK writes absolute URLs, which Graph
 * refuses. After one batch in which every part timed out the others are not sent, because each of them would time out
 * in turn.
 */
async function sendAll(
  graph: GraphClient,
  operation: string,
  parts: readonly BatchPart[],
  call: Call,
): Promise<readonly unknown[]> {
  const outcomes: unknown[] = [];
  let next = 0;
  let timeout: MailError | null = null;
  const ending = new AbortController();
  const signal = AbortSignal.any([call.signal, ending.signal]);
  // Two workers keep one batch running and one waiting. Graph would not run more at a time.
  const worker = async () => {
    while (next < parts.length) {
      const first = next;
      // Graph decides how many parts it runs in parallel. While downloads occupy slots, a batch therefore has no more
      // parts than there are free slots.
      const size = graph.maxSlots < MAX_BATCH_WIDTH ? graph.maxSlots : MAX_BATCH_SIZE;
      const group = parts.slice(first, first + size);
      next += group.length;
      const answers = timeout
        ? group.map(() => timeout)
        : await sendBatch(graph, operation, group, { ...call, signal }, call.signal);
      for (const [n, answer] of answers.entries()) outcomes[first + n] = answer;
      timeout ??= commonTimeout(answers);
      if (timeout) ending.abort(timeout);
    }
  };
  await Promise.all([worker(), worker()]);
  return outcomes;
}

/**
 * Sends one batch. Parts with a transient refusal are sent again without the others, when the limiter allows it, so
 * every part must be safe to repeat. A batch whose answer is too long is split into two halves.
 */
async function sendBatch(
  graph: GraphClient,
  operation: string,
  parts: readonly BatchPart[],
  call: Call,
  /** The caller's own abort signal, which is one part of the call's signal. */
  caller: AbortSignal,
): Promise<unknown[]> {
  const requests = parts.map((part, n) => partRequest(part, String(n)));
  const settled = new Map<string, unknown>();
  const transientRefusals = new Map<string, MailError>();
  const removals = new Set(parts.flatMap((part, n) => (part.removes ? [String(n)] : [])));
  const unanswered = new Set<string>();
  let failure: unknown = null;
  let isTooLarge = false;
  const maxBytes = Math.min(...parts.map((part) => part.maxBytes ?? Number.POSITIVE_INFINITY));
  try {
    let tries = 0;
    const body = () => {
      if (tries++ > 0)
        for (const id of removals) if (!settled.has(id) && !transientRefusals.has(id)) unanswered.add(id);
      return JSON.stringify({ requests: requests.filter(({ id }) => !settled.has(id)) });
    };
    const cost = { operation, units: requests.length, slots: Math.min(MAX_BATCH_WIDTH, requests.length), safe: true };
    await graph.request({ method: 'POST', path: '/$batch', cost, body }, call, async (response, signal) => {
      transientRefusals.clear();
      const batchAnswer = await jsonOf(response, signal, maxBytes);
      isTooLarge = batchAnswer === TOO_LARGE;
      if (isTooLarge) return;
      const failure = malformed('POST', '/$batch', batchAnswer);
      if (failure) throw failure;
      const { responses } = batchAnswer as { responses: PartAnswer[] };
      for (const answer of responses) {
        const part = parts[Number(answer.id)];
        const defect = part && answer.status < 400 && !part.removes && malformed(part.method, part.path, answer.body);
        if (defect) transientRefusals.set(answer.id, defect);
        else if (answer.status === 404 && unanswered.has(answer.id)) settled.set(answer.id, undefined);
        else recordAnswer(answer, settled, transientRefusals);
        unanswered.delete(answer.id);
      }
      // When the token expired between two parts, the parts that were refused for it are repeated with a newer token. A
      // refusal of the whole account takes precedence too, so that it is reported.
      const refusals = [...transientRefusals.values()];
      const decisive =
        refusals.find((error) => error instanceof TokenRefused || error.ofAccount) ?? longestWait(refusals);
      const limited = refusals.filter(({ code }) => code === 'RATE_LIMITED').length;
      if (decisive) throw batchError(decisive, limited, responses.length);
    });
  } catch (error) {
    if (caller.aborted || !isMailError(error)) throw error;
    failure = error;
  }
  if (isTooLarge) {
    if (parts.length === 1) return [new AnswerTooLarge()];
    const middle = Math.ceil(parts.length / 2);
    const first = await sendBatch(graph, operation, parts.slice(0, middle), call, caller);
    return [...first, ...(await sendBatch(graph, operation, parts.slice(middle), call, caller))];
  }
  return requests.map(({ id }) => {
    if (settled.has(id)) return settled.get(id);
    const refusal = transientRefusals.get(id);
    // The error of the whole batch knows how long the account must wait.
    if (refusal && isMailError(failure) && failure.code === refusal.code) return failure;
    return refusal ?? failure ?? unreachable('a part of the batch was not answered');
  });
}

function partRequest(part: BatchPart, id: string): PartRequest {
  const headers: Record<string, string> = { Prefer: preferences(part.prefer) };
  if (part.body !== undefined) headers['Content-Type'] = 'application/json';
  return {
    id,
    method: part.method,
    url: part.path,
    headers,
    ...(part.body === undefined ? {} : { body: part.body }),
  };
}

function recordAnswer(
  answer: PartAnswer,
  settled: Map<string, unknown>,
  transientRefusals: Map<string, MailError>,
): void {
  const { id, status, body } = answer;
  if (status < 400) {
    settled.set(id, body);
    return;
  }
  const [, retryAfter] =
    Object.entries(answer.headers ?? {}).find(([name]) => name.toLowerCase() === 'retry-after') ?? [];
  const details = { code: errorCode(body), message: errorText(body, 'message') };
  const error = refused({ status, ...details, retryAfter: headerText(retryAfter) });
  if (isRetryable(error) || error instanceof TokenRefused || error.ofAccount) transientRefusals.set(id, error);
  else settled.set(id, error);
}

/** A header value in JSON may also be a number or a list. Returns null for any other type. */
const headerText = (value: unknown): string | null =>
  ['string', 'number'].includes(typeof value) || Array.isArray(value) ? String(value) : null;

/** Returns the timeout error when all answers are that same error. */
function commonTimeout(answers: readonly unknown[]): MailError | null {
  const [first] = answers;
  return isMailError(first) && first.code === 'TIMEOUT' && answers.every((answer) => answer === first) ? first : null;
}

const longestWait = (errors: readonly MailError[]): MailError | null =>
  errors.reduce<MailError | null>(
    (longest, e) => (longest && (longest.retryAfterMs ?? 0) >= (e.retryAfterMs ?? 0) ? longest : e),
    null,
  );
