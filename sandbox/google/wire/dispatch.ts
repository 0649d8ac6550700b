import type { RequestRecord, World } from '../../world.ts';
import type { Directory } from '../directory.ts';
import {
  faultError,
  forbidden,
  GoogleError,
  insufficientScopes,
  loginRequired,
  mailNotEnabled,
  methodNotFound,
} from '../errors.ts';
import type { Access } from '../identity/access.ts';
import { SCOPES } from '../identity/scopes.ts';
import { type Quota, UNITS } from '../quota.ts';
import { parseJson } from './body.ts';
import { type Cut, cutOf, delay, spoilt } from './fault.ts';
import { parseMask, pick } from './fields.ts';
import type { Operation } from './operation.ts';
import { Query } from './query.ts';
import type { WireAnswer } from './reply.ts';
import { type UploadRequest, Uploads } from './uploads.ts';

export type LogLine = Omit<RequestRecord, 'id' | 'batch'>;
export interface Dispatched {
  readonly answer: WireAnswer;
  /** Returns the record for the log. A batch adds those of its parts after its own. */
  readonly record: LogLine;
}

interface Route {
  readonly operation: Operation;
  readonly pattern: RegExp;
}
interface Found extends Route {
  readonly params: Readonly<Record<string, string>>;
  readonly isUpload: boolean;
  /** Handles a piece of a resumable upload, or a request for its state. */
  readonly isSession: boolean;
}

/** Dispatches every request to the Gmail API, single ones and parts of a batch. */
export class Dispatch {
  readonly #routes: readonly Route[];
  readonly #uploads = new Uploads();

  constructor(
    private readonly world: World,
    private readonly directory: Directory,
    private readonly access: Access,
    private readonly quota: Quota,
    operations: readonly Operation[],
  ) {
    this.#routes = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));
  }

  async dispatch(request: UploadRequest, inBatch = false): Promise<Dispatched> {
    const startedAt = Date.now();
    const [path, search] = split(request.url);
    const seen = { account: null as string | null, operation: this.nameOf(request), units: 0 };
    const answer = await this.#answer(request, path, search, inBatch, seen).catch(toAnswer);
    const record = {
      vendor: 'google' as const,
      ...seen,
      method: request.method,
      path: request.url.replace(/\b(access_token|oauth_token)=[^&]*/g, '$1=…'),
      status: answer.cut === 'hang' ? 0 : answer.status,
      startedAt,
      endedAt: Date.now(),
    };
    return { answer, record };
  }

  /** Returns the name of the requested method, for the log. */
  nameOf(request: UploadRequest): string {
    const [path, search] = split(request.url);
    const found = this.#find(request, path, search);
    return found ? nameOf(found) : `${request.method} ${path}`;
  }

  async #answer(
    request: UploadRequest,
    path: string,
    search: string,
    inBatch: boolean,
    seen: { account: string | null; units: number },
  ): Promise<WireAnswer> {
    const found = this.#find(request, path, search);
    if (!found || (inBatch && found.isUpload)) throw methodNotFound();
    const { operation } = found;
    const values = new URLSearchParams(search);
    const bearer = this.access.authenticate(request.headers.authorization, values);
    const account = this.directory.find(bearer.address);
    if (!account) throw loginRequired();
    seen.account = account.address;

    const fault = this.world.faults.meet('google', account.address, nameOf(found));
    await delay(fault);
    if (fault?.hang) return { status: 0, headers: {}, body: '', cut: 'hang' };
    if (fault?.status) return spoilt(toAnswer(faultError(fault)), fault);

    const { userId = 'me', ...params } = found.params;
    if (userId !== 'me' && userId.toLowerCase() !== account.address)
      throw forbidden(`Delegation denied for ${account.address}`);
    if (!operation.scopes.some((scope) => bearer.scopes.has(scope)))
      throw insufficientScopes(
        operation.name,
        operation.scopes.map((scope) => SCOPES[scope]),
      );

    if (!account.hasMail) throw mailNotEnabled();

    const uploaded = found.isUpload ? this.#uploads.receive(request, values, account.address, operation) : null;
    if (uploaded && 'status' in uploaded) return { ...uploaded, cut: cutOf(fault) };
    const query = new Query(search, operation.query ?? {});
    const fields = query.text('fields');
    const mask = fields && operation.response ? parseMask(fields, operation.response) : null;
    const body = uploaded
      ? parseJson(uploaded.json, 'application/json', operation.request)
      : parseJson(request.body, request.headers['content-type'] ?? '', operation.request);

    this.quota.spend(account.address, UNITS[operation.name]);
    seen.units = UNITS[operation.name];
    const media = uploaded?.media ?? null;
    const emptyPage = fault?.emptyPage ?? false;
    const result = operation.run({ account, scopes: bearer.scopes, params, query, body, media, emptyPage });
    if (!operation.response) return { status: 204, headers: {}, body: '', cut: cutOf(fault) };
    const answer = json(200, mask ? pick(result, mask) : result, {}, null);
    if (uploaded?.session) uploaded.session.answer = answer;
    return { ...spoilt(answer, fault), cut: cutOf(fault) };
  }

  #find(request: UploadRequest, path: string, search: string): Found | null {
    const [, upload, rest] = /^((?:\/resumable)?\/upload)?\/gmail\/v1\/users(\/.*)$/.exec(path) ?? [];
    if (rest === undefined) return null;
    const isUpload = upload !== undefined;
    const isSession = isUpload && /[?&]upload_id=/.test(`&${search}`);
    for (const route of this.#routes) {
      const { operation } = route;
      if (isUpload && operation.upload === undefined) continue;
      if (operation.method !== request.method && !(isSession && request.method === 'PUT')) continue;
      const groups = route.pattern.exec(rest)?.groups;
      if (!groups) continue;
      const params = Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decode(value)]));
      return { ...route, params, isUpload, isSession };
    }
    return null;
  }
}

/** Pieces of an upload have an operation name of their own, so that a fault can be set for them alone. */
const nameOf = ({ operation, isSession }: Found): string => `${operation.name}${isSession ? ' upload' : ''}`;

export function toAnswer(error: unknown): WireAnswer {
  if (error instanceof GoogleError) return json(error.code, error.body(), error.headers, null);
  console.error('sandbox/google:', error);
  return json(500, faultError({ vendor: 'google', status: 500 }).body(), {}, null);
}

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>>,
  cut: Cut | null,
): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
    cut,
  };
}

export function split(url: string): [path: string, search: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function patternOf(path: string): RegExp {
  return new RegExp(`^/(?<userId>[^/]+)${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
