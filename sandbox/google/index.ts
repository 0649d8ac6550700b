import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { SignInRefusals } from '../sign-in.refusals.ts';
import type { Emulator, World } from '../world.ts';
import { Batch } from './batch.ts';
import { Directory } from './directory.ts';
import { emulatorOf } from './emulator.ts';
import { Access } from './identity/access.ts';
import { Authorize } from './identity/authorize.ts';
import { Grants } from './identity/grants.ts';
import { SigningKeys } from './identity/keys.ts';
import { TokenEndpoint } from './identity/token.endpoint.ts';
import { Tokens } from './identity/tokens.ts';
import { oauthRoutes } from './oauth.ts';
import { DEFAULT_BATCH_WIDTH, type GoogleOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Push } from './push.ts';
import { Quota } from './quota.ts';
import { attachments } from './resources/attachments.ts';
import { drafts } from './resources/drafts.ts';
import { history } from './resources/history.ts';
import { labels } from './resources/labels.ts';
import { sending } from './resources/messages.send.ts';
import { messages } from './resources/messages.ts';
import { profile } from './resources/profile.ts';
import { settings } from './resources/settings.ts';
import { threads } from './resources/threads.ts';
import { watch } from './resources/watch.ts';
import { Dispatch } from './wire/dispatch.ts';
import { MAX_IMPORT_BYTES } from './wire/operation.ts';
import { sendAnswer } from './wire/reply.ts';
import type { UploadRequest } from './wire/uploads.ts';

/** Emulates the parts of Google that a mail gateway uses: OAuth and OIDC, Gmail v1, its batch endpoint and Pub/Sub's push. */
export function createGoogle(world: World, options: GoogleOptions): { emulator: Emulator; plugin: FastifyPluginAsync } {
  const keys = new SigningKeys(world.keep);
  const tokens = new Tokens(world.signingKey);
  const grants = new Grants(world.keep);
  const refusals = new SignInRefusals();
  const push = new Push(world, options, keys);
  const defaults = {
    spelling: options.headers ?? 'written',
    batchWidth: options.batchWidth ?? DEFAULT_BATCH_WIDTH,
    subjectThreads: options.subjectThreads ?? 'join',
    pageTokens: options.pageTokens ?? 'stable',
    historyLabels: options.historyLabels ?? 'then',
  } as const;
  const directory = new Directory(world, defaults, (account, changed) => push.changed(account, changed));
  const outbox = new Outbox(world, directory, options);
  const access = new Access(world, tokens, grants);
  const dispatch = new Dispatch(world, directory, access, new Quota(world), [
    ...profile,
    ...messages(world),
    ...sending(world, outbox),
    ...attachments,
    ...threads(world),
    ...labels,
    ...history,
    ...drafts(world, outbox),
    ...settings,
    ...watch(world, options, push),
  ]);
  const batch = new Batch(world, directory, access, dispatch);
  const authorize = new Authorize(world, options, directory, grants, tokens, refusals);
  const endpoint = new TokenEndpoint(world, options, grants, tokens, keys, refusals);

  const plugin: FastifyPluginAsync = async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_IMPORT_BYTES * 1.4 }, (_request, body, done) =>
      done(null, body),
    );
    const wire = (request: FastifyRequest): UploadRequest => ({
      method: request.method,
      url: request.url.slice(app.prefix.length),
      headers: request.headers as Record<string, string | undefined>,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      base: `${request.protocol}://${request.host}${app.prefix}`,
    });
    oauthRoutes(app, { world, options, authorize, endpoint, tokens, grants, keys, push });
    app.post('/batch/gmail/v1', async (request, reply) => sendAnswer(reply, await batch.answer(wire(request))));
    for (const url of ['/gmail/v1/*', '/upload/gmail/v1/*', '/resumable/upload/gmail/v1/*'])
      app.all(url, async (request, reply) => {
        const { answer, record } = await dispatch.dispatch(wire(request));
        world.log.add({ ...record, batch: null });
        return sendAnswer(reply, answer);
      });
  };
  return { emulator: emulatorOf(directory, grants, refusals, push), plugin };
}
