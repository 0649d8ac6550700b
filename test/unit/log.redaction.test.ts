import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/platform/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog('trace', { write: (line: string) => void lines.push(line) }));
  return lines.join('');
}

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl';

describe('the log', () => {
  it('is JSON lines with a level by name and a time', () => {
    const line = JSON.parse(logged((log) => log.info({ integrationId: 'abc', count: 3 }, 'synced')));
    expect(line).toMatchObject({ level: 'info', msg: 'synced', integrationId: 'abc', count: 3 });
    expect(line.time).toMatch(/^\d{4}-/);
  });

  it.each([
    ['a header', { headers: { authorization: 'Bearer abcdef', 'user-agent': 'x' } }, 'abcdef'],
    ['a token', { result: { accessToken: 'ya29.secret-token' } }, 'secret-token'],
    ['a refresh token, deep', { a: { b: [{ refresh_token: 'deep-secret' }] } }, 'deep-secret'],
    ['a body', { message: { body: 'Dear Ada, the safe opens with 1234' } }, '1234'],
    ['a subject', { subject: 'Your results' }, 'results'],
    ['an address', { address: 'ada@example.org' }, 'ada'],
    ['bytes', { sealed: Buffer.from('bytes-of-mail') }, 'bytes-of-mail'],
  ])('redacts %s by its name', (_, object, secret) => {
    expect(logged((log) => log.info(object, 'x'))).not.toContain(secret);
  });

  it.each([
    ['an address', 'could not read ada.lovelace+x@mail.example.org today', 'lovelace'],
    ['an address on a line of its own', 'failed for\nlovelace@example.org', 'lovelace'],
    ['an address after a control character', 'failed for \u001blovelace@example.org', 'lovelace'],
    ['a header on a line of its own', 'sent\nBearer abc.def', 'abc.def'],
    ['a percent-encoded address', 'GET /users/ada%40example.org', 'ada%40'],
    ['a bearer token', 'sent Authorization: Bearer abc.def-ghi', 'abc.def'],
    ['a JWT', `token ${JWT}`, 'c2lnbmF0dXJl'],
    ['a code in a URL', 'GET /oauth/callback?code=4/0Axyz&state=S3cr3tState', '0Axyz'],
    ['a state in a URL', 'GET /oauth/callback?code=4/0Axyz&state=S3cr3tState', 'S3cr3tState'],
    ['a signed link', 'GET /download/AQAAAAE-longtoken', 'longtoken'],
    ['a password in a URL', 'postgres://user:hunter2@db:5432/postern', 'hunter2'],
  ])('redacts %s by its shape, in any text', (_, text, secret) => {
    expect(logged((log) => log.warn(text))).not.toContain(secret);
    expect(logged((log) => log.warn({ url: text }, 'x'))).not.toContain(secret);
    expect(logged((log) => log.error({ err: new Error(text) }, 'x'))).not.toContain(secret);
    expect(logged((log) => log.error(new Error(text)))).not.toContain(secret);
  });

  it('keeps the type, code, stack and cause of an error, but no property that a library added', () => {
    const error = Object.assign(new TypeError('no answer', { cause: new Error('socket hang up') }), {
      code: 'ECONNRESET',
      response: { data: 'the whole mail' },
      config: { headers: { Authorization: 'secret' } },
    });
    const line = JSON.parse(logged((log) => log.error({ err: error }, 'failed')));
    expect(line.err).toMatchObject({ type: 'TypeError', message: 'no answer', code: 'ECONNRESET' });
    expect(line.err.cause.message).toBe('socket hang up');
    expect(line.err.stack).toContain('log.redaction.test');
    expect(Object.keys(line.err).sort()).toEqual(['cause', 'code', 'message', 'stack', 'type']);
  });

  it('stays JSON, whatever is removed', () => {
    const text = logged((log) =>
      log.info({ note: 'one\nada@example.org "quoted\\" b@example.org\tc@example.org' }, 'x\\ny@z.org'),
    );
    expect(JSON.parse(text).note).toBe('one\n[address] "quoted\\" [address]\t[address]');
  });

  it('copes with a long text', () => {
    logged((log) => log.info({ note: 'a'.repeat(300_000) }, 'b@'.repeat(50_000)));
  });

  it('redacts the bindings of a child logger', () => {
    const text = logged((log) => log.child({ address: 'ada@example.org', token: 'tok' }).info('x'));
    expect(text).not.toMatch(/ada|"tok"/);
  });
});
