import { describe, expect, it } from 'vitest';
import {
  datePlace,
  MAX_SEEN,
  remember,
  searchPlace,
  shortHash,
  writePlace,
} from '../../src/providers/outlook/page-cursor.ts';
import { newState, readState, writeState } from '../../src/providers/outlook/sync-state.ts';
import { tokenOf } from '../../src/providers/outlook/url.ts';

const hashes = (n: number): string[] => Array.from({ length: n }, (_, i) => shortHash(`message ${i}`));

describe('the place in a list', () => {
  it('comes back as it was written', () => {
    for (const place of [
      { kind: 'date', second: 1_790_000_000, passed: 3, seen: hashes(3), start: null },
      { kind: 'date', second: -5, passed: 900, seen: hashes(MAX_SEEN), start: 1_790_000_001 },
    ] as const) {
      expect(datePlace(writePlace(place))).toEqual(place);
    }
    const path = "/me/mailFolders('a%2F')/messages?%24search=%22x%22&$skiptoken=a+/b=~%2F";
    const search = { kind: 'search', path, passed: 1000, seen: hashes(2) } as const;
    expect(searchPlace(writePlace(search))).toEqual(search);
    expect(datePlace(null)).toBeNull();
  });

  it('stays under 2 KB through hundreds of messages in one second', () => {
    const seen = remember(hashes(900), hashes(50));
    expect(
      writePlace({ kind: 'date', second: 1_790_000_000, passed: 950, seen, start: 1_790_000_000 }).length,
    ).toBeLessThan(2048);
  });

  it.each([
    '',
    'garbage',
    'https://evil.example/v1.0/me/messages?$skiptoken=x',
    'd1~~~~',
    'd1~zzzzzzzz~1~~',
    'd1~1~1~~abc',
    'd1~1~1~~abcdef\n',
    's2~aHR0cA~1~',
    `d1~1~1~~${'a'.repeat(9000)}`,
    Buffer.from('{"second":1}').toString('base64url'),
  ])('refuses %j', (cursor) => {
    expect(() => datePlace(cursor)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it.each([
    'https://evil.example/v1.0/me/messages?$skiptoken=x',
    '//evil.example/me/messages',
    '/me/messages/../sendMail',
    '/me/mailFolders/a/b/messages',
    '/users/other@example.org/messages?$skiptoken=x',
    '/me/messages?a\r\nb',
    '/me/sendMail',
    `/me/messages?${'x'.repeat(7000)}`,
  ])('refuses a place that is no list of one’s own messages: %j', (path) => {
    const cursor = writePlace({ kind: 'search', path, passed: 1, seen: [] });
    expect(() => searchPlace(cursor)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it('stays short though it holds a whole link', () => {
    const columns = Array.from({ length: 24 }, (_, n) => `property${n}`).join(',');
    const path = `/me/messages?$select=${columns}&$expand=${columns}&$search=%22a%20word%22&$top=50&$skiptoken=${'ab1'.repeat(60)}`;
    expect(writePlace({ kind: 'search', path, passed: 900, seen: hashes(MAX_SEEN) }).length).toBeLessThan(4096);
  });

  it('refuses a place of the other kind, and lets one of an earlier release expire', () => {
    const date = writePlace({ kind: 'date', second: 1, passed: 1, seen: [], start: null });
    expect(() => searchPlace(date)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    const earlier = `s1~${Buffer.from('a-token').toString('base64url')}~2s~abcdef`;
    expect(() => searchPlace(earlier)).toThrow(expect.objectContaining({ code: 'CURSOR_EXPIRED' }));
  });
});

describe('the place in an account’s history', () => {
  it('comes back as it was written, and is no address', () => {
    const state = {
      ...newState(),
      tree: { delta: 'tree' },
      folders: { 'AQMk-x_=': { page: 'p', quiet: true, count: 3 } },
      known: { abcdef: 12 },
    };
    expect(readState(writeState(state))).toEqual(state);
    expect(writeState(state)).toMatch(/^[\w-]+$/);
  });

  it.each(['', 'garbage', 'https://evil.example', writeState({ ...newState(), folders: { '../../users/other': {} } })])(
    'asks to begin again for %j',
    (cursor) => expect(() => readState(cursor)).toThrow(expect.objectContaining({ code: 'CURSOR_EXPIRED' })),
  );
});

describe('a link of Graph', () => {
  it('gives its token and nothing else', () => {
    expect(tokenOf('https://evil.example/v1.0/me/messages?$top=5&%24skiptoken=a%2Bb', '$skiptoken')).toBe('a+b');
    expect(tokenOf('https://graph.microsoft.com/v1.0/me/mailFolders/delta?$deltaToken=x', '$deltatoken')).toBe('x');
    expect(tokenOf(undefined, '$skiptoken')).toBeNull();
  });
});
