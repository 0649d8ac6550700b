import { badRequest, GraphError } from './errors.ts';
import type { Outcome } from './http.ts';
import { type Answer, type GraphRequest, jsonBody } from './request.ts';
import type { Caller, GraphService, LogLine } from './service.ts';

const MAX_REQUESTS = 20;
/** How many of one batch are sent to a mailbox together. */
const WIDTH = 4;

interface Part {
  readonly id: string;
  readonly request: GraphRequest;
  readonly dependsOn: readonly string[];
}
interface PartAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface BatchResult {
  readonly outcome: Outcome;
  readonly lines: readonly LogLine[];
}

/** POST /v1.0/$batch. Answers come in the order in which they were ready. Throws BadRequest. */
export async function runBatch(service: GraphService, request: GraphRequest, caller: Caller): Promise<BatchResult> {
  const parts = readParts(request);
  const answers: PartAnswer[] = [];
  const lines: LogLine[] = [];
  let fate = 'answered' as Outcome['fate'];
  const waiting = new Set(parts);
  const done = new Map<string, PartAnswer>();
  const runNext = async (): Promise<void> => {
    for (;;) {
      const part = [...waiting].find(({ dependsOn }) => dependsOn.every((id) => done.has(id)));
      if (!part) return;
      waiting.delete(part);
      const answer = await run(part);
      done.set(part.id, answer);
      answers.push(answer);
    }
  };
  const run = async (part: Part): Promise<PartAnswer> => {
    if (part.dependsOn.some((id) => (done.get(id)?.status ?? 0) >= 400)) {
      const error = new GraphError(424, 'FailedDependency', 'The request depends on another that has failed.');
      return asPart(part.id, service.refusal(error, request));
    }
    const { outcome, line } = await service.serve(part.request, () => caller, true);
    lines.push(line);
    if (outcome.fate !== 'answered') fate = outcome.fate;
    return asPart(part.id, outcome.answer ?? { status: 504 });
  };
  // A worker that found nothing to do would miss requests that other workers' answers make ready, so each wave starts all workers again.
  while (waiting.size > 0) await Promise.all(Array.from({ length: WIDTH }, runNext));
  const answer: Answer = { status: 200, headers: { 'OData-Version': '4.0' }, body: { responses: answers } };
  return { outcome: { answer: fate === 'hangs' ? null : answer, fate }, lines };
}

function readParts(request: GraphRequest): readonly Part[] {
  const { requests } = jsonBody(request);
  if (!Array.isArray(requests) || requests.length === 0)
    throw badRequest("Invalid batch payload format: the 'requests' property is missing or empty.");
  if (requests.length > MAX_REQUESTS)
    throw badRequest(`Number of batch request steps exceeds the maximum value of ${MAX_REQUESTS}.`, 'BadRequest');
  const parts = requests.map((given: unknown) => readPart(given, request));
  const ids = new Set(parts.map(({ id }) => id));
  if (ids.size < parts.length) throw badRequest('Invalid batch payload format: request ids must be unique.');
  for (const [n, { id, dependsOn }] of parts.entries()) {
    const before = new Set(parts.slice(0, n).map((part) => part.id));
    // Of one that comes later, of itself and of none alike (msgraph-sdk-dotnet-core#891).
    if (!dependsOn.every((other) => before.has(other)))
      throw badRequest(`Invalid dependency for request Id: ${id}.`, 'BadRequest');
  }
  // Nothing else is taken: neither chains side by side, nor several that wait for one (microsoft-graph-docs#16280).
  const isSequential = parts.every(({ dependsOn }, n) =>
    n === 0 ? dependsOn.length === 0 : dependsOn.length === 1 && dependsOn[0] === parts[n - 1]?.id,
  );
  if (parts.some(({ dependsOn }) => dependsOn.length > 0) && !isSequential)
    throw badRequest('Batch should be either fully sequential or fully parallel.', 'BadRequest');
  return parts;
}

function readPart(given: unknown, outer: GraphRequest): Part {
  if (typeof given !== 'object' || given === null) throw badRequest('Invalid batch payload format.');
  const { id, method, url, headers, body, dependsOn } = given as Record<string, unknown>;
  if (typeof id !== 'string' || id === '' || typeof method !== 'string' || typeof url !== 'string')
    throw badRequest("Invalid batch payload format: 'id', 'method' and 'url' are required.");
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) || url.startsWith('//'))
    throw badRequest(`Invalid batch payload format: the url of request '${id}' must be relative.`);
  if (dependsOn != null && !(Array.isArray(dependsOn) && dependsOn.every((one) => typeof one === 'string')))
    throw badRequest(`Invalid batch payload format: dependsOn of request '${id}' must be a list of ids.`);
  const parsed = new URL(url.startsWith('/') ? url : `/${url}`, 'http://batch');
  if (/^\/(?:v1\.0|beta)\/|^\/(?:\$|%24)batch$/i.test(parsed.pathname))
    throw badRequest(
      `Invalid batch payload format: the url of request '${id}' must be relative to the version, and no batch.`,
    );
  const partHeaders = Object.fromEntries(
    Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
  if (body !== undefined && partHeaders['content-type'] === undefined)
    throw badRequest(`Invalid batch payload format: request '${id}' has a body and no Content-Type header.`);
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return {
    id,
    dependsOn: (dependsOn as readonly string[] | null | undefined) ?? [],
    request: {
      method: method.toUpperCase(),
      path: parsed.pathname,
      query: parsed.searchParams,
      headers: partHeaders,
      body: Buffer.from(text),
      base: outer.base,
    },
  };
}

/** A body that a fault gave: a part's is JSON, or none. */
function parsed(text: string): { readonly body?: unknown } {
  try {
    return { body: JSON.parse(text) };
  } catch {
    return {};
  }
}

function asPart(id: string, answer: Answer): PartAnswer {
  const headers: Record<string, string> = { ...answer.headers };
  if (answer.body === undefined) return { id, status: answer.status, headers };
  if (!Buffer.isBuffer(answer.body)) {
    headers['Content-Type'] = 'application/json';
    return { id, status: answer.status, headers, body: answer.body };
  }
  const spoilt = headers['Content-Type']?.startsWith('application/json') ? parsed(answer.body.toString('utf8')) : null;
  if (spoilt) return { id, status: answer.status, headers, ...spoilt };
  const text = headers['Content-Type'] === 'text/plain' ? answer.body.toString('utf8') : answer.body.toString('base64');
  return { id, status: answer.status, headers, body: text };
}
