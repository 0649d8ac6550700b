import { randomUUID } from 'node:crypto';
import type { Fault, RequestRecord, World } from '../../world.ts';
import type { AccessToken, Tokens } from '../identity/tokens.ts';
import type { Account, Accounts } from '../mailbox/accounts.ts';
import type { Presence } from '../mailbox/presence.ts';
import { accessDenied, errorBody, faultError, GraphError, itemNotFound, noMailbox, unauthorized } from './errors.ts';
import { type Outcome, playFault } from './http.ts';
import { linkTo } from './links.ts';
import { parsePrefer } from './prefer.ts';
import type { Answer, Call, GraphRequest } from './request.ts';
import { type Match, matchRoute, type Route } from './router.ts';
import type { Throttle } from './throttle.ts';

export interface Caller {
  readonly token: AccessToken;
  readonly account: Account;
}
/** A request's record for the log, without its id. */
export type LogLine = Omit<RequestRecord, 'id' | 'batch'>;

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Throws RequestEntityTooLarge. */
export function requireSmallBody({ body }: Pick<GraphRequest, 'body'>): void {
  if (body.length > MAX_BODY_BYTES)
    throw new GraphError(413, 'RequestEntityTooLarge', 'Maximum request length exceeded.');
}

/** Handles every request to Graph, single ones and parts of a batch. */
export class GraphService {
  readonly #world: World;
  readonly #accounts: Accounts;
  readonly #tokens: Tokens;
  readonly #throttle: Throttle;
  readonly #presence: Presence;
  readonly #routes: readonly Route[];

  constructor(
    world: World,
    accounts: Accounts,
    tokens: Tokens,
    { throttle, presence }: { throttle: Throttle; presence: Presence },
    routes: readonly Route[],
  ) {
    this.#world = world;
    this.#accounts = accounts;
    this.#tokens = tokens;
    this.#throttle = throttle;
    this.#presence = presence;
    this.#routes = routes;
  }

  /** Throws InvalidAuthenticationToken. */
  authenticate(authorization: string | undefined): Caller {
    const bearer = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!bearer) throw unauthorized('Access token is empty.');
    const token = this.#tokens.readAccess(bearer);
    const account = this.#accounts.find(token.address);
    if (!account) throw unauthorized('The user or the mailbox of this access token is not here.');
    return { token, account };
  }

  /** Never throws: errors become answers. `authenticate` returns the caller or throws. */
  async serve(
    request: GraphRequest,
    authenticate: () => Caller,
    isPart = false,
  ): Promise<{ outcome: Outcome; line: LogLine }> {
    const startedAt = Date.now();
    const requestId = randomUUID();
    let caller: Caller | null = null;
    let match: Match | null = null;
    let leave: (() => void) | null = null;
    let release: (() => void) | null = null;
    let outcome: Outcome;
    try {
      caller = authenticate();
      if (!isPart) leave = this.#presence.enter(caller.account.address);
      match = matchRoute(this.#routes, request.method, request.path, caller.account);
      const place = this.#throttle.enter(caller.account.address);
      if (place instanceof GraphError) throw place;
      release = place;
      const [who, what] = [caller, match];
      const operation = operationOf(what);
      const refuse = (fault: Fault) => this.#refusal(faultError(fault), request, requestId);
      const work = (fault: Fault | null) => this.#answer(request, who, what, requestId, fault);
      outcome = await playFault(this.#world, who.account.address, operation, work, refuse, {
        isPart,
        presence: this.#presence,
      });
    } catch (error) {
      outcome = { answer: this.#refusal(error, request, requestId), fate: 'answered' };
    } finally {
      release?.();
      leave?.();
    }
    const line: LogLine = {
      vendor: 'microsoft',
      account: caller?.account.address ?? null,
      method: request.method,
      path: `/v1.0${request.path}${readable(request.query)}`,
      operation: match ? operationOf(match) : `${request.method} (unknown)`,
      status: outcome.answer?.status ?? 0,
      units: 1,
      startedAt,
      endedAt: Date.now(),
    };
    return { outcome, line };
  }

  /** Turns an error into an answer. One that is not an error of Graph becomes an internal error. */
  refusal(error: unknown, request: Pick<GraphRequest, 'headers'>): Answer {
    return this.#refusal(error, request, randomUUID());
  }

  async #answer(
    request: GraphRequest,
    caller: Caller,
    match: Match,
    requestId: string,
    fault: Fault | null,
  ): Promise<Answer> {
    try {
      requireSmallBody(request);
      const prefer = parsePrefer(request.headers.prefer);
      const scopes = new Set(caller.token.scopes.map((scope) => scope.toLowerCase()));
      if (!match.route.scopes.some((scope) => scopes.has(scope.toLowerCase()))) throw accessDenied();
      const { mailboxRefusal } = caller.account;
      // The directory knows a user without a mailbox too.
      if (mailboxRefusal !== null && match.route.path !== '/me') throw noMailbox(mailboxRefusal);
      if (match.within !== null) {
        const { mailbox } = caller.account;
        if (mailbox.item(match.within.message).folder !== mailbox.folder(match.within.folder)) throw itemNotFound();
      }
      const { emptyPage = false, pageSize: maxPage = null } = fault ?? {};
      const call = { ...request, ...caller, prefer, scopes, ids: match.ids, emptyPage, maxPage };
      const whole = await match.route.handle(call);
      const answer = emptyPage ? emptied(call, whole) : whole;
      const applied: Record<string, string> = prefer.applied === '' ? {} : { 'Preference-Applied': prefer.applied };
      return { ...answer, headers: { ...this.#headers(request, requestId), ...applied, ...answer.headers } };
    } catch (error) {
      return this.#refusal(error, request, requestId);
    }
  }

  #refusal(error: unknown, request: Pick<GraphRequest, 'headers'>, requestId: string): Answer {
    // The sandbox runs on a developer's machine, so a bug of the emulator is printed in full, but only on its console.
    if (!(error instanceof GraphError)) console.error('microsoft emulator:', error);
    const known =
      error instanceof GraphError
        ? error
        : new GraphError(500, 'ErrorInternalServerError', 'An internal server error occurred. The operation failed.');
    const clientRequestId = request.headers['client-request-id'] ?? requestId;
    return {
      status: known.status,
      headers: { ...this.#headers(request, requestId), ...known.headers },
      body: errorBody(known, requestId, clientRequestId, this.#world.now()),
    };
  }

  #headers(request: Pick<GraphRequest, 'headers'>, requestId: string): Record<string, string> {
    return {
      'Cache-Control': 'private',
      'request-id': requestId,
      'client-request-id': request.headers['client-request-id'] ?? requestId,
      'OData-Version': '4.0',
    };
  }
}

/** A page of any list may be empty and go on (Graph's concepts/paging); the link leads to the same request, as lists by $skip do. */
function emptied(call: Call, answer: Answer): Answer {
  const body = answer.body as { readonly value?: unknown; readonly '@odata.nextLink'?: string } | undefined;
  if (call.method !== 'GET' || !Array.isArray(body?.value) || body['@odata.nextLink'] !== undefined) return answer;
  return { ...answer, body: { ...body, '@odata.nextLink': linkTo(call, {}), value: [] } };
}

/** The route with {id} for every id: "GET /me/messages/{id}". */
const operationOf = ({ route }: Match) => `${route.method} ${route.path.replace(/\{[\w-]+\}/g, '{id}')}`;

/** Returns a query in readable form. */
function readable(query: URLSearchParams): string {
  return query.size === 0 ? '' : `?${[...query].map(([name, value]) => `${name}=${value}`).join('&')}`;
}
