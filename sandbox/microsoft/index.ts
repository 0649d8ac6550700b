import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { SignInRefusals } from '../sign-in.refusals.ts';
import type { Emulator, Fault, World } from '../world.ts';
import { MicrosoftEmulator } from './emulator.ts';
import { adminConsentRoutes } from './identity/admin.consent.ts';
import { baseOf, identityRoutes } from './identity/identity.ts';
import { IdTokenKey } from './identity/keys.ts';
import { TokenEndpoint } from './identity/token.endpoint.ts';
import { Tokens } from './identity/tokens.ts';
import { Accounts } from './mailbox/accounts.ts';
import { Notifications } from './mailbox/notifications.ts';
import { type Deliver, Outbox } from './mailbox/outbox.ts';
import { Presence } from './mailbox/presence.ts';
import { SubscriptionStore } from './mailbox/subscription.store.ts';
import { attachmentRoutes } from './resources/attachments.ts';
import { categoryRoutes } from './resources/categories.ts';
import { deltaRoutes } from './resources/delta.ts';
import { folderRoutes } from './resources/folders.ts';
import { meRoutes } from './resources/me.ts';
import { messageListRoutes } from './resources/message.list.ts';
import { messageRoutes } from './resources/messages.ts';
import { replyRoutes } from './resources/replies.ts';
import { sendRoutes } from './resources/send.ts';
import { subscriptionRoutes } from './resources/subscriptions.ts';
import { Uploads } from './resources/uploads.ts';
import { runBatch } from './wire/batch.ts';
import { badRequest, faultError, GraphError } from './wire/errors.ts';
import { type Outcome, playFault, send } from './wire/http.ts';
import type { GraphRequest } from './wire/request.ts';
import { type Caller, GraphService, type LogLine, requireSmallBody } from './wire/service.ts';
import { Throttle } from './wire/throttle.ts';

interface MicrosoftOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Accepts mail for recipients who have no account here. Bcc has been removed from it. */
  readonly deliverElsewhere?: Deliver;
  /** Returns the URL to which an administrator is redirected after the approval, when the request names none. */
  readonly registeredUri?: () => string;
}

const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
const SWEEP_INTERVAL_MS = 30_000;

/** Emulates Microsoft's identity platform and the mail of Graph. The plugin must be mounted at a prefix of its own. */
export function createMicrosoft(
  world: World,
  options: MicrosoftOptions,
): { emulator: Emulator; plugin: FastifyPluginAsync } {
  const now = () => world.now();
  const accounts = new Accounts();
  const tokens = new Tokens(world);
  const refusals = new SignInRefusals();
  const throttle = new Throttle(now);
  const presence = new Presence();
  const store = new SubscriptionStore(world.keep);
  const notifications = new Notifications(world, accounts, store);
  const outbox = new Outbox(accounts, options.deliverElsewhere);
  const uploads = new Uploads(throttle);
  const idTokenKey = new IdTokenKey(world.keep);
  const client = { id: options.clientId, secret: options.clientSecret };
  const endpoint = new TokenEndpoint(world, accounts, tokens, idTokenKey, client, refusals);
  const service = new GraphService(world, accounts, tokens, { throttle, presence }, [
    ...meRoutes,
    ...messageListRoutes,
    ...messageRoutes,
    ...replyRoutes(outbox),
    ...sendRoutes(outbox),
    ...attachmentRoutes(uploads),
    ...folderRoutes,
    ...deltaRoutes,
    ...categoryRoutes,
    ...subscriptionRoutes(store, notifications, options.clientId),
  ]);

  const plugin: FastifyPluginAsync = async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_REQUEST_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    const { clientId, registeredUri = () => 'http://127.0.0.1/oauth/callback' } = options;
    const identity = { world, accounts, tokens, endpoint, idTokenKey, clientId, refusals, registeredUri };
    identityRoutes(app, identity);
    adminConsentRoutes(app, identity);
    app.all('/v1.0/*', async (request, reply) => send(reply, await graph(app, { world, service, presence }, request)));
    app.all('/api/v2.0/*', async (request, reply) => send(reply, await upload(app, world, service, uploads, request)));
    app.setErrorHandler(async (error, _request, reply) =>
      send(reply, { answer: service.refusal(asGraphError(error), { headers: {} }), fate: 'answered' }),
    );
    app.setNotFoundHandler(async (_request, reply) =>
      send(reply, { answer: service.refusal(badRequest('Resource not found.'), { headers: {} }), fate: 'answered' }),
    );
    const sweep = setInterval(() => notifications.sweep(), SWEEP_INTERVAL_MS).unref();
    app.addHook('onClose', async () => {
      clearInterval(sweep);
      uploads.close();
      outbox.close();
    });
  };
  return { emulator: new MicrosoftEmulator(world, accounts, tokens, refusals, store, notifications, outbox), plugin };
}

/** Answers what Fastify refuses before a handler is called: a body that is too large, or an invalid URL. */
function asGraphError(error: unknown): unknown {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return new GraphError(413, 'RequestEntityTooLarge', 'Maximum request length exceeded.');
  return status >= 400 && status < 500 ? badRequest('The request is malformed or incorrect.') : error;
}

function graphRequest(app: FastifyInstance, request: FastifyRequest, below: string): GraphRequest {
  const url = new URL(request.url, 'http://sandbox');
  return {
    method: request.method,
    path: url.pathname.slice(app.prefix.length + below.length),
    query: url.searchParams,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    base: baseOf(request, app.prefix),
  };
}

async function graph(
  app: FastifyInstance,
  { world, service, presence }: { world: World; service: GraphService; presence: Presence },
  incoming: FastifyRequest,
): Promise<Outcome> {
  const request = graphRequest(app, incoming, '/v1.0');
  const authenticate = () => service.authenticate(request.headers.authorization);
  if (!/^\/(?:\$|%24)batch\/?$/.test(request.path)) {
    const { outcome, line } = await service.serve(request, authenticate);
    world.log.add({ ...line, batch: null });
    return outcome;
  }
  const startedAt = Date.now();
  let caller: Caller | null = null;
  let leave = () => {};
  let lines: readonly LogLine[] = [];
  let outcome: Outcome;
  try {
    caller = authenticate();
    leave = presence.enter(caller.account.address);
    requireSmallBody(request);
    const who = caller;
    const played = async () => {
      const result = await runBatch(service, request, who);
      lines = result.lines;
      inner = result.outcome;
      return result.outcome.answer;
    };
    let inner: Outcome | null = null as Outcome | null;
    const refuse = (fault: Fault) => service.refusal(faultError(fault), request);
    outcome = await playFault(world, who.account.address, 'POST /$batch', played, refuse, { presence });
    if (inner !== null && inner.fate !== 'answered') outcome = inner;
  } catch (error) {
    outcome = { answer: service.refusal(error, request), fate: 'answered' };
  } finally {
    leave();
  }
  const status = outcome.answer?.status ?? 0;
  const account = caller?.account.address ?? null;
  // Graph counts the parts of a batch, and not the batch itself.
  const { id } = world.log.add({
    vendor: 'microsoft',
    account,
    method: request.method,
    path: '/v1.0/$batch',
    operation: 'POST /$batch',
    status,
    units: 0,
    batch: null,
    startedAt,
    endedAt: Date.now(),
  });
  for (const line of lines) world.log.add({ ...line, batch: id });
  return outcome;
}

async function upload(
  app: FastifyInstance,
  world: World,
  service: GraphService,
  uploads: Uploads,
  incoming: FastifyRequest,
): Promise<Outcome> {
  const request = graphRequest(app, incoming, '');
  const token = request.query.get('authtoken') ?? '';
  const account = uploads.accountOf(token);
  const operation = `${request.method} (uploadUrl)`;
  const startedAt = Date.now();
  const work = () => {
    try {
      return uploads.serve(request.method, token, request.headers, request.body);
    } catch (error) {
      return service.refusal(error, request);
    }
  };
  const outcome = await playFault(world, account, operation, work, (fault) =>
    service.refusal(faultError(fault), request),
  );
  world.log.add({
    vendor: 'microsoft',
    account,
    method: request.method,
    path: request.path,
    operation,
    status: outcome.answer?.status ?? 0,
    units: 1,
    batch: null,
    startedAt,
    endedAt: Date.now(),
  });
  return outcome;
}
