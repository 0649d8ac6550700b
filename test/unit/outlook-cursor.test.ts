import { describe, expect, it } from 'vitest';
import { newState, readState, writeState } from '../../src/providers/outlook/changes/sync-state.ts';
import {
  datePosition,
  MAX_SEEN,
  remember,
  searchPosition,
  writePosition,
} from '../../src/providers/outlook/list/cursor.ts';
import { tokenOf } from '../../src/providers/outlook/wire/url.ts';
import { markOf } from '../../src/providers/shared/threads/thread-cursor.ts';

const hashes = (n: number): string[] => Array.from({ length: n }, (_, i) => markOf(`message ${i}`));

describe('the position in a list', () => {
  it('is read as it was written', () => {
    for (const position of [
      { kind: 'date', second: 1_790_000_000, passed: 3, seen: hashes(3) },
      { kind: 'date', second: -5, passed: 900, seen: hashes(MAX_SEEN) },
    ] as const) {
      expect(datePosition(writePosition(position))).toEqual(position);
    }
    for (const search of [
      { kind: 'search', at: 1_790_000_000_123, from: 1_780_000_000_000, seen: hashes(2) },
      { kind: 'search', at: -5, from: null, seen: [] },
    ] as const) {
      expect(searchPosition(writePosition(search))).toEqual(search);
    }
    expect(datePosition(null)).toBeNull();
  });

  it('stays under 2 KB through hundreds of messages in one second', () => {
    const seen = remember(hashes(900), hashes(50));
    expect(writePosition({ kind: 'date', second: 1_790_000_000, passed: 950, seen }).length).toBeLessThan(2048);
  });

  it.each([
    '',
    'garbage',
    'https://evil.example/v1.0/me/messages?$skiptoken=x',
    'd2~~~',
    'd2~zzzzzzzz~1~',
    'd2~1~1~abc',
    'd2~1~1~abcdef\n',
    'd2~1~1~1~abcdef',
    's3~~~',
    's3~1~~../x',
    's3~zzzzzzzzz~~',
    's3~1~zzzzzzzzz~',
    `s3~1~~${'a'.repeat(513)}`,
    `d2~1~1~${'a'.repeat(9000)}`,
    Buffer.from('{"second":1}').toString('base64url'),
  ])('refuses %j', (cursor) => {
    for (const read of [datePosition, searchPosition])
      expect(() => read(cursor)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it.each([
    `s1~${Buffer.from('a-token').toString('base64url')}~2s~abcdef`,
    's2~y00tLi5OLAAA~1~',
    'd1~1~1~~abcdef',
    'd1~1~1~2~',
  ])('lets a position of an earlier release expire: %j', (earlier) => {
    for (const read of [datePosition, searchPosition])
      expect(() => read(earlier)).toThrow(expect.objectContaining({ code: 'CURSOR_EXPIRED' }));
  });

  it('refuses a position of the other kind', () => {
    const date = writePosition({ kind: 'date', second: 1, passed: 1, seen: [] });
    expect(() => searchPosition(date)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    const search = writePosition({ kind: 'search', at: 1, from: null, seen: [] });
    expect(() => datePosition(search)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});

describe('the position in an account’s history', () => {
  it('is read as it was written, and contains no address', () => {
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
    'begins again for %j',
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
