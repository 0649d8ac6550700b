import { isMailError, type MailError } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import { type GraphClient, jsonOf, preferences } from './client.ts';
import { errorWord, refused, TokenRefused, unreachable } from './errors.ts';

/** Graph's limit on one $batch. */
export const BATCH_SIZE = 20;
/** Graph runs four requests of one batch to one mailbox at a time. */
const BATCH_WIDTH = 4;

export interface Part {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** It takes something away: when an earlier try of it went unanswered, finding nothing means that it was done. */
  readonly removes?: boolean;
  readonly body?: unknown;
  readonly prefer?: string;
}
/** Parts of which each waits for the one before; its outcome is the last one's, or the first failure. */
export type Chain = readonly Part[];

interface PartRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly dependsOn?: readonly string[];
}
interface PartAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Sends the chains as JSON of our own (the SDK's writes absolute URLs, which Graph refuses), 20 requests at a time.
 * Parts that Graph refuses for now are sent again alone, when the guard says so. Every part must be safe to repeat.
 * Errors are values; only the caller's own abort is thrown.
 */
export async function batch<T>(
  graph: GraphClient,
  operation: string,
  chains: readonly Chain[],
  call: Call,
): Promise<readonly (T | MailError)[]> {
  const groups = packed(chains);
  const outcomes: unknown[][] = [];
  let next = 0;
  // One is under way and one waits for its turn: Graph would take no more at a time.
  const worker = async () => {
    while (next < groups.length) {
      const n = next++;
      outcomes[n] = await sendBatch(graph, operation, groups[n] ?? [], call);
    }
  };
  await Promise.all([worker(), worker()]);
  return outcomes.flat() as (T | MailError)[];
}

/** Chains in groups of at most 20 parts, in order; a chain is never split. */
function packed(chains: readonly Chain[]): Chain[][] {
  const groups: Chain[][] = [];
  let room = 0;
  for (const chain of chains) {
    if (chain.length > room) {
      groups.push([]);
      room = BATCH_SIZE;
    }
    groups.at(-1)?.push(chain);
    room -= chain.length;
  }
  return groups;
}

async function sendBatch(
  graph: GraphClient,
  operation: string,
  chains: readonly Chain[],
  call: Call,
): Promise<unknown[]> {
  const requests = chains.flatMap((chain, c) => chain.map((part, p) => partRequest(part, c, p)));
  const settled = new Map<string, unknown>();
  const refusedForNow = new Map<string, MailError>();
  const removals = new Set(
    chains.flatMap((chain, c) => chain.flatMap((part, p) => (part.removes ? [`${c}.${p}`] : []))),
  );
  const unanswered = new Set<string>();
  let failure: unknown = null;
  try {
    let tries = 0;
    const body = () => {
      if (tries++ > 0) for (const id of removals) if (!settled.has(id) && !refusedForNow.has(id)) unanswered.add(id);
      return bodyOf(requests, settled);
    };
    const cost = { operation, units: requests.length, slots: Math.min(BATCH_WIDTH, requests.length), safe: true };
    await graph.request({ method: 'POST', path: '/$batch', cost, body }, call, async (response, signal) => {
      refusedForNow.clear();
      const { responses } = (await jsonOf(response, signal)) as { responses?: PartAnswer[] };
      for (const answer of Array.isArray(responses) ? responses : []) {
        if (answer.status === 404 && unanswered.has(answer.id)) settled.set(answer.id, undefined);
        else take(answer, settled, refusedForNow);
        unanswered.delete(answer.id);
      }
      // The token ran out between two parts: those that met that go again with a newer one.
      const again =
        [...refusedForNow.values()].find((error) => error instanceof TokenRefused) ??
        longestWait([...refusedForNow.values()]);
      if (again) throw again;
    });
  } catch (error) {
    if (call.signal.aborted || !isMailError(error)) throw error;
    failure = error;
  }
  return chains.map((chain, c) => {
    let outcome: unknown;
    for (let p = 0; p < chain.length; p++) {
      const id = `${c}.${p}`;
      outcome = settled.has(id)
        ? settled.get(id)
        : (refusedForNow.get(id) ?? failure ?? unreachable('a part of the batch was not answered'));
      if (isMailError(outcome)) break;
    }
    return outcome;
  });
}

function partRequest(part: Part, chain: number, place: number): PartRequest {
  const headers: Record<string, string> = { Prefer: preferences(part.prefer) };
  if (part.body !== undefined) headers['Content-Type'] = 'application/json';
  return {
    id: `${chain}.${place}`,
    method: part.method,
    url: part.path,
    headers,
    ...(part.body === undefined ? {} : { body: part.body }),
    ...(place === 0 ? {} : { dependsOn: [`${chain}.${place - 1}`] }),
  };
}

/** What is still to be answered: not what waits for a part that failed, and nothing waits for a part that is done. */
function bodyOf(requests: readonly PartRequest[], settled: ReadonlyMap<string, unknown>): string {
  const hopeless = new Set<string>();
  const open: PartRequest[] = [];
  for (const { dependsOn, ...request } of requests) {
    const before = dependsOn?.[0];
    if (before !== undefined && (hopeless.has(before) || isMailError(settled.get(before)))) hopeless.add(request.id);
    else if (!settled.has(request.id)) {
      open.push(before === undefined || settled.has(before) ? request : { ...request, dependsOn: [before] });
    }
  }
  return JSON.stringify({ requests: open });
}

const FAILED_DEPENDENCY = 424;

function take(answer: PartAnswer, settled: Map<string, unknown>, refusedForNow: Map<string, MailError>): void {
  const { id, status, body } = answer;
  if (status < 400) {
    settled.set(id, body);
    return;
  }
  if (status === FAILED_DEPENDENCY) return;
  const retryAfter = Object.entries(answer.headers ?? {}).find(([name]) => name.toLowerCase() === 'retry-after');
  const error = refused({ status, code: errorWord(body), retryAfter: retryAfter?.[1] ?? null });
  const mayPass =
    error.code === 'RATE_LIMITED' || error.code === 'PROVIDER_UNAVAILABLE' || error instanceof TokenRefused;
  if (mayPass) refusedForNow.set(id, error);
  else settled.set(id, error);
}

const longestWait = (errors: readonly MailError[]): MailError | null =>
  errors.reduce<MailError | null>(
    (longest, e) => (longest && (longest.retryAfterMs ?? 0) >= (e.retryAfterMs ?? 0) ? longest : e),
    null,
  );
