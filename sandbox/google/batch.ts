import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { World } from '../world.ts';
import type { Directory } from './directory.ts';
import { faultError, GoogleError, invalidArgument, tooManyConcurrent } from './errors.ts';
import type { Access } from './identity/access.ts';
import { type Dispatch, type Dispatched, type LogLine, split, toAnswer } from './wire/dispatch.ts';
import { type Cut, cutOf, delay, spoilt } from './wire/fault.ts';
import { readHead, splitParts, type WirePart } from './wire/multipart.ts';
import type { WireAnswer } from './wire/reply.ts';
import type { UploadRequest } from './wire/uploads.ts';

const MAX_PARTS = 100;

/**
 * POST /batch/gmail/v1: complete requests in multipart/mixed, each of which is dispatched as a single one would be. Google warns
 * that large batches are rate limited: every second part beyond the account's width receives 429 here.
 */
export class Batch {
  constructor(
    private readonly world: World,
    private readonly directory: Directory,
    private readonly access: Access,
    private readonly dispatch: Dispatch,
  ) {}

  async answer(request: UploadRequest): Promise<WireAnswer> {
    const startedAt = Date.now();
    const account = this.#accountOf(request);
    const inner: LogLine[] = [];
    const answer = await this.#answer(request, account, inner).catch(toAnswer);
    const outer = this.world.log.add({
      vendor: 'google',
      account,
      method: request.method,
      path: request.url,
      operation: 'batch',
      status: answer.cut === 'hang' ? 0 : answer.status,
      units: 0,
      batch: null,
      startedAt,
      endedAt: Date.now(),
    });
    for (const record of inner) this.world.log.add({ ...record, batch: outer.id });
    return answer;
  }

  async #answer(request: UploadRequest, account: string | null, inner: LogLine[]): Promise<WireAnswer> {
    const fault = this.world.faults.meet('google', account, 'batch');
    await delay(fault);
    if (fault?.hang) return { status: 0, headers: {}, body: '', cut: 'hang' };
    if (fault?.status) return spoilt(toAnswer(faultError(fault)), fault);

    const contentType = request.headers['content-type'] ?? '';
    const parts = /^multipart\/mixed\b/i.test(contentType) ? splitParts(request.body, contentType) : null;
    if (!parts || parts.length === 0)
      throw new GoogleError(400, 'INVALID_ARGUMENT', 'badRequest', 'Failed to parse batch request.');
    if (parts.length > MAX_PARTS)
      throw invalidArgument(`The batch request has ${parts.length} parts; at most ${MAX_PARTS} are allowed.`);

    const width = account === null ? MAX_PARTS : this.directory.get(account).batchWidth;
    const answered = await Promise.all(
      parts.map((part, index) => this.#part(part, index >= width && (index - width) % 2 === 0, request)),
    );
    inner.push(...answered.map(({ record }) => record));
    const cuts = answered.map(({ answer }) => answer.cut).concat(cutOf(fault));
    const cut = (['hang', 'lose', 'truncate'] satisfies Cut[]).find((kind) => cuts.includes(kind)) ?? null;
    const boundary = `batch_${randomBytes(12).toString('base64url')}`;
    const body = answered.map(({ answer }, index) => `--${boundary}\r\n${written(answer, parts[index])}`).join('');
    const headers = { 'content-type': `multipart/mixed; boundary=${boundary}` };
    return spoilt({ status: 200, headers, body: `${body}--${boundary}--\r\n`, cut }, fault);
  }

  #part(part: WirePart, isLimited: boolean, outer: UploadRequest): Promise<Dispatched> {
    const newline = part.body.indexOf(10);
    const line = part.body.subarray(0, newline < 0 ? undefined : newline).toString('latin1');
    const [, method = '', url = ''] = /^([A-Z]+) (\S+)/.exec(line) ?? [];
    const { headers, body } = readHead(newline < 0 ? Buffer.alloc(0) : part.body.subarray(newline + 1));
    const inner = {
      method,
      url,
      headers: { authorization: outer.headers.authorization, ...headers },
      body: method === 'GET' || method === 'DELETE' ? Buffer.alloc(0) : body,
      base: outer.base,
    };
    if (!isLimited) return this.dispatch.dispatch(inner, true);
    const now = Date.now();
    const record = {
      vendor: 'google' as const,
      account: this.#accountOf(inner),
      method,
      path: url,
      operation: this.dispatch.nameOf(inner),
      status: 429,
      units: 0,
      startedAt: now,
      endedAt: now,
    };
    return Promise.resolve({ answer: toAnswer(tooManyConcurrent()), record });
  }

  #accountOf(request: UploadRequest): string | null {
    try {
      const search = new URLSearchParams(split(request.url)[1]);
      return this.access.authenticate(request.headers.authorization, search).address;
    } catch {
      return null;
    }
  }
}

function written(answer: WireAnswer, part: WirePart | undefined): string {
  const id = part?.headers['content-id'];
  const contentId =
    id === undefined ? '' : `Content-ID: ${id.startsWith('<') ? `<response-${id.slice(1)}` : `response-${id}`}\r\n`;
  const headers = { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.body)) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  return `Content-Type: application/http\r\n${contentId}\r\n${status}${lines.join('')}\r\n${answer.body}\r\n`;
}
