import { expect, it } from 'vitest';
import { unsubscribeOf } from '../../src/mail/unsubscribe/list-unsubscribe.ts';

const of = (list: string, post?: string) =>
  unsubscribeOf([
    { name: 'List-Unsubscribe', value: list },
    ...(post ? [{ name: 'list-unsubscribe-post', value: post }] : []),
  ]);

it('reads the page, the address and the one-click offer', () => {
  expect(
    of('<mailto:leave@list.example?subject=unsubscribe>, <https://list.example/u?id=1>', 'List-Unsubscribe=One-Click'),
  ).toEqual({
    url: 'https://list.example/u?id=1',
    mailto: 'mailto:leave@list.example?subject=unsubscribe',
    oneClick: true,
  });
});

it('prefers https, and offers one click for nothing else', () => {
  expect(of('<http://list.example/u>, <https://list.example/s>')?.url).toBe('https://list.example/s');
  expect(of('<http://list.example/u>', 'List-Unsubscribe=One-Click')?.oneClick).toBe(false);
  expect(of('<mailto:x@list.example>', 'List-Unsubscribe=One-Click')).toMatchObject({ url: null, oneClick: false });
  expect(of('<https://list.example/u>', 'List-Unsubscribe=Two-Clicks')?.oneClick).toBe(false);
});

it('accepts folded headers, and skips invalid links', () => {
  expect(of('<https://list.example/\r\n u?id=1>')?.url).toBe('https://list.example/u?id=1');
  for (const list of [
    '',
    'https://list.example/',
    '<javascript:alert(1)>',
    '<ftp://list.example>',
    '<>',
    'NO',
    `<https://x/${'a'.repeat(9_000)}>`,
  ]) {
    expect(of(list)).toBeNull();
  }
  expect(unsubscribeOf([])).toBeNull();
});
