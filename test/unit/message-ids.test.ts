import { describe, expect, it } from 'vitest';
import { messageIdsOf as emulated } from '../../sandbox/mail/message-ids.ts';
import { messageIdsOf } from '../../src/providers/shared/mime/message-ids.ts';

describe.each([
  ['the gateway', messageIdsOf],
  ['the emulators', emulated],
])('Message-IDs as %s read them', (_, read) => {
  it.each([
    ['<a@x> <b@x>', ['a@x', 'b@x']],
    ['<r1@x> (see <no@x>) <r2@x>', ['r1@x', 'r2@x']],
    ['(a (nested \\) <no@x>)) <a@x>', ['a@x']],
    ['"Ann <no@x>" of Monday <a@x>', ['a@x']],
    ['<a@x>,<b@x>;\r\n <c@x>', ['a@x', 'b@x', 'c@x']],
    ['<a@\r\n x>', ['a@x']],
    ['<"a b"@x> <"a>b"@x>', ['"a b"@x', '"a>b"@x']],
    ['<a(b)c@x>', ['a(b)c@x']],
    ['<a@[10.0.0.1]>', ['a@[10.0.0.1]']],
    ['a@x, b@x (no@x)', ['a@x', 'b@x']],
    ['<a@x', ['a@x']],
    ['<<a@x>>', ['a@x']],
    ['(never closed <a@x>', ['a@x']],
    ['"never closed <a@x>', ['a@x']],
    ['<>', []],
    ['', []],
  ])('%s', (field, ids) => expect(read(field)).toEqual(ids));

  it('reads endless unclosed parts in time', () => {
    for (const opening of ['<', '(', '"', '<"']) expect(read(`${opening.repeat(50_000)} <a@x>`)).toContain('a@x');
  });
});
