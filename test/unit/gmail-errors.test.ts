import { describe, expect, it } from 'vitest';
import { messageChanges } from '../../src/providers/gmail/changes/changes.ts';
import { oauthError } from '../../src/providers/gmail/sign-in/token-error.ts';
import { base64Field } from '../../src/providers/gmail/wire/base64-field.ts';
import { answerError, gmailError, hasStatus } from '../../src/providers/gmail/wire/errors.ts';

const refused = (reason: string) => ({
  error: { code: 403, message: 'secret text', errors: [{ reason, message: 'secret text' }] },
});

describe('a Gmail refusal', () => {
  it.each([
    [429, {}, 'RATE_LIMITED'],
    [403, refused('userRateLimitExceeded'), 'RATE_LIMITED'],
    [403, refused('insufficientPermissions'), 'CONSENT_REQUIRED'],
    [
      403,
      { error: { status: 'PERMISSION_DENIED', details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] } },
      'CONSENT_REQUIRED',
    ],
    [403, refused('domainPolicy'), 'FORBIDDEN'],
    [401, {}, 'RECONNECT_REQUIRED'],
    [404, {}, 'NOT_FOUND'],
    [400, 'no JSON at all', 'INVALID'],
    [503, '<html>', 'PROVIDER_UNAVAILABLE'],
  ])('%i %j is %s', (status, body, code) => {
    const error = answerError('messages.get', status, body, null);
    expect(error.code).toBe(code);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('secret text');
  });

  const precondition = (message: string) => ({
    error: { code: 400, message, errors: [{ message, domain: 'global', reason: 'failedPrecondition' }] },
  });
  it.each([
    ['messages.list', 400, precondition('Mail service not enabled'), 'UNSUPPORTED'],
    [
      'settings',
      400,
      { error: { status: 'FAILED_PRECONDITION', message: 'Mail service not enabled.' } },
      'UNSUPPORTED',
    ],
    ['getProfile', 400, precondition('Precondition check failed.'), 'UNSUPPORTED'],
    ['messages.list', 400, precondition('Precondition check failed.'), 'UNSUPPORTED'],
    ['messages.list', 403, refused('domainPolicy'), 'FORBIDDEN'],
    ['messages.list', 403, refused('accessNotConfigured'), 'FORBIDDEN'],
  ])('of %s with %i concerns the whole account, not the request', (operation, status, body, code) => {
    const error = answerError(operation, status, body, null);
    expect(error).toMatchObject({ code, ofAccount: true });
    expect(hasStatus(error, status)).toBe(false);
  });
  it.each([
    ['drafts.send', 400, precondition('Precondition check failed.')],
    ['messages.list', 403, refused('forbidden')],
    ['messages.list', 503, precondition('Mail service not enabled')],
  ])('of %s with %i concerns the request', (operation, status, body) => {
    expect(answerError(operation, status, body, null).ofAccount).toBe(false);
  });

  it('contains how long to wait', () => {
    expect(answerError('x', 429, {}, '3').retryAfterMs).toBe(3000);
    expect(answerError('x', 503, {}, new Date(Date.now() + 5000).toUTCString()).retryAfterMs).toBeGreaterThan(3000);
    expect(answerError('x', 429, {}, 'soon').retryAfterMs).toBeUndefined();
  });

  it.each([
    [403, 'userRateLimitExceeded'],
    [403, 'rateLimitExceeded'],
    [429, 'rateLimitExceeded'],
  ])('reads the time that a %i %s names only in its message', (status, reason) => {
    const waitMsOf = (message: string) =>
      answerError('x', status, { error: { errors: [{ reason }], message } }, null).retryAfterMs;
    const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
    expect(waitMsOf(`User-rate limit exceeded.  Retry after ${inMinutes(15)}`)).toBeGreaterThan(14 * 60_000);
    expect(waitMsOf(`User-rate limit exceeded.  Retry after ${inMinutes(-1)}`)).toBe(0);
    expect(waitMsOf('User-rate limit exceeded.  Retry after a while')).toBeUndefined();
    expect(waitMsOf('Too many concurrent requests for user.')).toBeUndefined();
  });

  it('keeps no token of a request that failed in transit', () => {
    const error = gmailError(
      Object.assign(new Error('Bearer ya29.secret'), { code: 'ECONNRESET', config: { headers: 'ya29.secret' } }),
      'messages.get',
    );
    expect(error.code).toBe('PROVIDER_UNAVAILABLE');
    expect(String(error.cause)).toContain('ECONNRESET');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('ya29');
  });
});

describe('a refusal by the token endpoint', () => {
  const thrown = (status: number, error: string, error_subtype?: string, error_description = 'x') => ({
    response: { status, data: { error, error_description, error_subtype }, headers: new Headers() },
  });
  const invalidGrant = (error_description: string) => thrown(400, 'invalid_grant', undefined, error_description);
  it.each([
    [thrown(400, 'invalid_grant'), 'refresh', 'RECONNECT_REQUIRED'],
    [thrown(400, 'invalid_grant'), 'exchange', 'INVALID'],
    [thrown(401, 'invalid_client'), 'refresh', 'FORBIDDEN'],
    [thrown(401, 'unauthorized_client'), 'exchange', 'FORBIDDEN'],
    [thrown(400, 'redirect_uri_mismatch'), 'exchange', 'FORBIDDEN'],
    [thrown(400, 'access_denied', undefined, 'Account restricted'), 'refresh', 'FORBIDDEN'],
    [thrown(400, 'INVALID_GRANT'), 'refresh', 'RECONNECT_REQUIRED'],
    [thrown(503, 'invalid_grant'), 'refresh', 'PROVIDER_UNAVAILABLE'],
    [thrown(429, 'invalid_grant'), 'refresh', 'RATE_LIMITED'],
    [invalidGrant('Account has been deleted'), 'refresh', 'RECONNECT_REQUIRED'],
    [invalidGrant('reauth related error (invalid_rapt)'), 'exchange', 'INVALID'],
    [invalidGrant('admin_policy_enforced'), 'refresh', 'FORBIDDEN'],
    [invalidGrant('not_an_invalid_rapt constructor has_own_property'), 'refresh', 'RECONNECT_REQUIRED'],
    [thrown(400, 'invalid_request'), 'refresh', 'PROVIDER_UNAVAILABLE'],
    [thrown(400, 'admin_policy_enforced'), 'refresh', 'FORBIDDEN'],
    [thrown(400, 'policy_enforced'), 'exchange', 'FORBIDDEN'],
    [thrown(401, 'deleted_client'), 'refresh', 'FORBIDDEN'],
    [thrown(401, 'disabled_client'), 'refresh', 'FORBIDDEN'],
    [thrown(400, 'invalid_grant', 'invalid_rapt'), 'exchange', 'INVALID'],
    [thrown(400, 'invalid_grant', 'rapt_required'), 'refresh', 'RECONNECT_REQUIRED'],
    [thrown(400, 'invalid_grant', 'constructor'), 'refresh', 'RECONNECT_REQUIRED'],
    [thrown(503, ''), 'refresh', 'PROVIDER_UNAVAILABLE'],
    [{ name: 'TimeoutError' }, 'refresh', 'TIMEOUT'],
  ] as const)('%j at %s is %s', (error, step, code) => expect(oauthError(error, step).code).toBe(code));
});

describe('a file inside a JSON answer', () => {
  const read = async (chunks: readonly string[]) => {
    const out: Uint8Array[] = [];
    const source = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
    })();
    for await (const chunk of base64Field(source, 'data', 'messages.attachments.get')) out.push(chunk);
    return Buffer.concat(out).toString();
  };
  const encoded = Buffer.from('streaming? yes>>').toString('base64').replaceAll('+', '-').replaceAll('/', '_');

  it('is decoded however the answer is split', async () => {
    const whole = `{\n "size": 16,\n "data": "${encoded}"\n}\n`;
    for (let at = 1; at < whole.length; at++)
      expect(await read([whole.slice(0, at), whole.slice(at)])).toBe('streaming? yes>>');
    expect(await read([...whole])).toBe('streaming? yes>>');
    expect(await read([`{"data":"${encoded.replaceAll('=', '\\u003d')}"}`])).toBe('streaming? yes>>');
  });

  it('may be empty, but not cut off', async () => {
    expect(await read(['{\n "size": 0\n}\n'])).toBe('');
    await expect(read([`{"data":"${encoded.slice(0, 8)}`])).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    for (const answer of ['{"size": 1', '{"size": 16}', '{}', '{"value":5}', '{"error":{"code":500}}', '[]', ''])
      await expect(read([answer])).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

describe('history', () => {
  it('reports once what became of each message', () => {
    const of = (id: string) => [{ message: { id } }];
    expect(
      messageChanges([
        { id: '1', messagesAdded: of('new') },
        { id: '2', labelsAdded: of('new') },
        { id: '3', labelsRemoved: of('old') },
        { id: '4', messagesAdded: of('brief') },
        { id: '5', messagesDeleted: of('brief') },
      ]),
    ).toEqual([
      { kind: 'created', messageId: 'new' },
      { kind: 'updated', messageId: 'old' },
      { kind: 'deleted', messageId: 'brief' },
    ]);
  });

  it('reports which labels the records of a page have changed, in one detail for each message', () => {
    const of = (id: string, ...labelIds: string[]) => [{ message: { id }, labelIds }];
    const updates = messageChanges([
      { id: '1', labelsAdded: [...of('filed', 'Label_1', 'Label_2', 'STARRED'), ...of('odd', 'YELLOW_STAR')] },
      { id: '2', labelsRemoved: [...of('filed', 'INBOX', 'UNREAD', 'Label_2'), ...of('untold')] },
      { id: '3', labelsRemoved: of('opened', 'UNREAD', 'IMPORTANT'), labelsAdded: of('untold', 'Label_1') },
      { id: '4', labelsAdded: of('opened', 'UNREAD') },
    ]);
    const none = { mailboxIdsAdded: [], mailboxIdsRemoved: [] };
    expect(updates).toEqual([
      {
        kind: 'updated',
        messageId: 'filed',
        detail: {
          mailboxIdsAdded: ['Label_1', 'STARRED'],
          mailboxIdsRemoved: ['Label_2', 'INBOX'],
          isRead: true,
          isStarred: true,
        },
      },
      { kind: 'updated', messageId: 'odd', detail: none },
      { kind: 'updated', messageId: 'untold' },
      {
        kind: 'updated',
        messageId: 'opened',
        detail: { ...none, mailboxIdsRemoved: ['IMPORTANT'], isRead: false, isImportant: false },
      },
    ]);
  });
});
