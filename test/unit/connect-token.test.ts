import { describe, expect, it } from 'vitest';
import { newCode, newToken, readFinishToken } from '../../src/accounts/connect/authorization-code/connect-token.ts';

describe('what finishes a connect flow', () => {
  it('is a code of 50 bits in an alphabet without characters that look alike, or a token of 256 bits', () => {
    const codes = Array.from({ length: 2_000 }, newCode);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(new Set(codes).size).toBe(codes.length);
    // Every letter of the alphabet occurs at every position.
    for (const position of [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]) {
      expect(new Set(codes.map((code) => code[position])).size).toBe(32);
    }
    expect(newToken()).toMatch(/^[\w-]{43}$/);
  });

  it.each([
    'AB0D1-1GH0K',
    'ab0d1-1gh0k',
    'AB0D11GH0K',
    ' a b 0 d 1 1 g h 0 k ',
    'ABOD1-LGHOK',
    'abodi-lghok',
    'ab0d1\u20111gh0k',
    'AB0D1\u20131GH0K\n',
    'AB0D1\u22121GH0K',
    '"AB0D1-1GH0K".',
    '\u201eAB0D1-1GH0K\u201c',
    '\u200bAB0D1-1GH0K\ufeff',
    '\uff21\uff22\uff10\uff24\uff11-\uff11\uff27\uff28\uff10\uff2b',
  ])('reads %j as the same code', (typed) => {
    expect(readFinishToken(typed)).toEqual({ kind: 'code', value: 'AB0D11GH0K' });
  });

  it('reads a token only as it is written', () => {
    const token = newToken();
    expect(readFinishToken(` ${token} `)).toEqual({ kind: 'token', value: token });
    expect(readFinishToken(token.slice(1)).kind).toBe('code');
    expect(readFinishToken('x'.repeat(1_000_000)).value.length).toBeLessThanOrEqual(100);
  });
});
