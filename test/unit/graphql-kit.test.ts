import { GraphQLError } from 'graphql';
import pino from 'pino';
import { ArgumentValidationError } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { accountId, decodeId, encodeId, singleId } from '../../src/domain/global-id.ts';
import { badUserInput } from '../../src/graphql/bad-user-input.ts';
import { maskError } from '../../src/graphql/errors/error-mask.ts';
import { problemOf } from '../../src/graphql/errors/problem.type.ts';
import { requireFirst } from '../../src/graphql/limits.ts';
import { createContext } from '../../src/graphql/request-context.ts';
import { DateTime } from '../../src/graphql/scalars.ts';

const badInput = expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } });
const noId = expect.objectContaining({ name: 'MailError', code: 'BAD_USER_INPUT' });

describe('a global id', () => {
  it('is decoded into its parts, whatever they contain', () => {
    for (const parts of [['a'], ['a', 'AAMk=='], ['ü/:%', '\u0001', 'a b']]) {
      expect(decodeId(encodeId('Message', ...parts))).toEqual({ type: 'Message', parts });
    }
    expect(accountId(encodeId('Mailbox', 'i', 'INBOX'), 'Mailbox')).toEqual({
      integrationId: 'i',
      providerId: 'INBOX',
    });
  });

  it.each([
    ['', 'empty'],
    ['x', 'short'],
    ['INBOX', 'a name'],
    [Buffer.from('Message').toString('base64url'), 'without parts'],
    [Buffer.from('Message:a:').toString('base64url'), 'with an empty part'],
    [Buffer.from('Message:%zz').toString('base64url'), 'that does not decode'],
    [`${encodeId('Message', 'a', 'b')}=`, 'with padding'],
    [` ${encodeId('Message', 'a', 'b')}`, 'with a space'],
    [Buffer.from('__proto__:a').toString('base64url'), 'of an odd type'],
    [Buffer.from('Message:a:b%00').toString('base64url'), 'with a NUL'],
    ['A'.repeat(5_000), 'too long'],
  ])('%j (%s) is refused', (id) => {
    expect(() => decodeId(id)).toThrow(noId);
  });

  it('of another type is refused, naming both', () => {
    expect(() => singleId(encodeId('User', 'a'), 'Integration')).toThrow(/id of a User.*Integration/);
    expect(() => accountId(encodeId('Message', 'a'), 'Message')).toThrow(noId);
  });
});

describe('masking errors', () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const mask = (error: unknown) => maskError(error, log, 'ref-1').toJSON();
  const thrown = (originalError: Error) => new GraphQLError(originalError.message, { originalError, path: ['viewer'] });

  it('hides unexpected errors, and logs them under the reference', () => {
    expect(mask(thrown(new TypeError('password=hunter2 at /srv/x.ts')))).toEqual({
      message: 'Something went wrong',
      path: ['viewer'],
      extensions: { code: 'INTERNAL', reference: 'ref-1' },
    });
    expect(lines.at(-1)).toContain('ref-1');
    expect(mask(thrown(new GraphQLError('Enum cannot represent value: "secret"', { path: ['viewer'] })))).toMatchObject(
      { message: 'Something went wrong' },
    );
    expect(mask('a string')).toMatchObject({ message: 'Something went wrong' });
  });

  it('does not count work that was aborted for its client as a failure, and logs nothing', () => {
    const before = lines.length;
    const client = new AbortController();
    client.abort();
    expect(mask(thrown(client.signal.reason))).toMatchObject({ path: ['viewer'], extensions: { code: 'TIMEOUT' } });
    expect(problemOf(client.signal.reason, log)).toMatchObject({ code: 'TIMEOUT', reference: null });
    expect(lines).toHaveLength(before);
  });

  it('lets a MailError through with its code and when to try again', () => {
    const error = mask(
      thrown(new MailError('RATE_LIMITED', 'Slow down', { retryAfterMs: 5_000, cause: new Error('provider body') })),
    );
    expect(error).toMatchObject({ message: 'Slow down', path: ['viewer'], extensions: { code: 'RATE_LIMITED' } });
    expect(new Date(error.extensions?.retryAfter as string).getTime()).toBeGreaterThan(Date.now());
    expect(JSON.stringify(error)).not.toContain('provider body');
  });

  it('lets intended errors through, without stack or echo', () => {
    expect(mask(thrown(badUserInput('first is too large')))).toMatchObject({
      message: 'first is too large',
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(
      mask(new GraphQLError('Syntax Error', { extensions: { code: 'GRAPHQL_PARSE_FAILED', stacktrace: ['x'] } }))
        .extensions,
    ).toEqual({ code: 'GRAPHQL_PARSE_FAILED' });
    expect(mask(new GraphQLError('Variable "$x" is missing'))).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT' },
    });
    const echo = mask(
      thrown(
        new ArgumentValidationError([
          {
            property: 'password',
            target: { password: 'hunter2' },
            value: 'hunter2',
            constraints: { minLength: 'too short' },
          },
        ]),
      ),
    );
    expect(echo).toMatchObject({ message: 'too short', extensions: { code: 'BAD_USER_INPUT' } });
    expect(JSON.stringify(echo)).not.toContain('hunter2');
  });
});

describe('scalars and limits', () => {
  it('accepts a DateTime with any offset and writes it in UTC', () => {
    expect(DateTime.serialize(DateTime.parseValue('2026-11-20T10:00:00+02:00'))).toBe('2026-11-20T08:00:00.000Z');
    for (const wrong of [
      '2026-02-30T10:00:00Z',
      '2027-02-29T10:00:00+01:00',
      '2026-11-20',
      '2026-11-20T10:00:00',
      'now',
      5,
      null,
    ])
      expect(() => DateTime.parseValue(wrong)).toThrow(badInput);
  });

  it('accepts first from 1 to 100 and otherwise names both figures', () => {
    expect(requireFirst(100)).toBe(100);
    expect(() => requireFirst(101)).toThrow(/1 to 100; 101/);
    expect(() => requireFirst(0)).toThrow(badInput);
    expect(() => requireFirst(-1)).toThrow(badInput);
  });

  it('calls a function that is wrapped in `once` once in a request', () => {
    const make = () =>
      createContext({
        principal: null,
        signal: new AbortController().signal,
        log: pino({ level: 'silent' }),
        requestId: 'r',
        clientAddress: '',
      });
    const factory = () => ({});
    const [one, two] = [make(), make()];
    expect(one.once(factory)).toBe(one.once(factory));
    expect(one.once(factory)).not.toBe(two.once(factory));
  });
});
