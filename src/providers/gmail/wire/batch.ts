import { randomUUID } from 'node:crypto';
import { isMailError, isRetryable } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import { batchError } from '../../limiter/cooldown.ts';
import { malformed } from './answers.ts';
import type { GmailClient } from './client.ts';
import { answerError, GmailError, gmailError } from './errors.ts';
import { type BatchPart, decodeBatch, encodeBatch, type PartAnswer } from './multipart.ts';
import { type Operation, UNITS } from './quota.ts';

/**
 * Sends parts of one operation in as few HTTP requests as possible. Returns one slot per part: the answer's JSON, null for an
 * empty answer, or the error. All parts must be safe to repeat. The limiter retries the parts that got 429 or 5xx, and only these.
 */
export async function runBatch(
  client: GmailClient,
  operation: Operation,
  parts: readonly BatchPart[],
  call: Call,
): Promise<Batch<unknown>> {
  const results = new Map<number, unknown>();
  const runs: Promise<void>[] = [];
  for (let start = 0; start < parts.length; start += client.width.current) {
    const end = Math.min(parts.length, start + client.width.current);
    runs.push(runChunk(client, operation, parts, range(start, end), results, call));
  }
  await Promise.all(runs);
  return parts.map((_, partIndex) => results.get(partIndex));
}

async function runChunk(
  client: GmailClient,
  operation: Operation,
  parts: readonly BatchPart[],
  partIndexes: readonly number[],
  results: Map<number, unknown>,
  call: Call,
): Promise<void> {
  let waiting = partIndexes;
  while (waiting.length > 0) {
    const chunk = waiting.slice(0, client.width.current);
    const cost = { operation: `batch ${operation}`, units: chunk.length * UNITS[operation], slots: 1, safe: true };
    try {
      await client.exchange(cost, call, (token, signal) => {
        // On a retry, answered parts are left out, and the width may have been reduced.
        const open = chunk.filter((partIndex) => !results.has(partIndex)).slice(0, client.width.current);
        return post(client, operation, parts, open, results, token, signal);
      });
    } catch (error) {
      if (!isMailError(error)) throw error;
      for (const index of chunk) if (!results.has(index)) results.set(index, error);
    }
    waiting = waiting.filter((partIndex) => !results.has(partIndex));
  }
}

/**
 * Sends one HTTP request. Stores final answers in `results`, then throws the error of parts that may be retried. Parts that got
 * 429 only because the batch was too wide stay without a result.
 */
async function post(
  client: GmailClient,
  operation: Operation,
  parts: readonly BatchPart[],
  partIndexes: readonly number[],
  results: Map<number, unknown>,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const sent = partIndexes.flatMap((partIndex) => parts[partIndex] ?? []);
  const answers = await send(client.origin, `batch ${operation}`, sent, token, signal).catch((error: unknown) => {
    if (isMailError(error) && error.code === 'RATE_LIMITED')
      client.width.record(partIndexes.length, partIndexes.length);
    throw error;
  });
  const failures: GmailError[] = [];
  partIndexes.forEach((partIndex, index) => {
    const answer = answers.get(index);
    if (answer?.status === 204) {
      results.set(partIndex, null);
    } else if (!answer || (answer.status < 300 && answer.body === undefined)) {
      failures.push(
        new GmailError('PROVIDER_UNAVAILABLE', "Gmail's answer was incomplete. Try again.", operation, null, 'cut'),
      );
    } else if (answer.status < 300) {
      const failure = malformed(operation, answer.body);
      if (failure) failures.push(failure);
      else results.set(partIndex, answer.body);
    } else {
      const error = answerError(operation, answer.status, answer.body, answer.retryAfter);
      if (failsTheBatch(error)) failures.push(error);
      else results.set(partIndex, error);
    }
  });
  const limited = failures.filter((error) => error.code === 'RATE_LIMITED').length;
  // Gmail answered some parts, so the batch was only too wide. The others go into narrower batches without a wait.
  const isTooWide = client.width.record(partIndexes.length, limited) && limited < partIndexes.length;
  const isWidthError = (error: GmailError) => error.code === 'RATE_LIMITED' && error.retryAfterMs === undefined;
  const faults = isTooWide ? failures.filter((error) => !isWidthError(error)) : failures;
  const worst = faults.sort((a, b) => (b.retryAfterMs ?? 0) - (a.retryAfterMs ?? 0))[0];
  const ofAll = faults.find((error) => error.status === 401 || error.ofAccount);
  if (worst) throw ofAll ?? batchError(worst, limited, partIndexes.length);
}

/** Whether a part's error is the error of the whole batch: it may be retried, or it concerns the whole account. */
const failsTheBatch = (error: GmailError): boolean => isRetryable(error) || error.status === 401 || error.ofAccount;

async function send(
  origin: string,
  operation: string,
  parts: readonly BatchPart[],
  token: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, PartAnswer>> {
  const boundary = `batch_${randomUUID()}`;
  try {
    const response = await fetch(`${origin}/batch/gmail/v1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': `multipart/mixed; boundary=${boundary}` },
      body: encodeBatch(parts, boundary),
      redirect: 'error',
      signal,
    });
    if (!response.ok) {
      const text = await response.text();
      throw answerError(operation, response.status, parsed(text), response.headers.get('retry-after'));
    }
    return await decodeBatch(
      response.headers.get('content-type') ?? '',
      response.body ?? new Blob([]).stream(),
      parts.length,
    );
  } catch (error) {
    throw gmailError(error, operation);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const range = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, index) => start + index);
