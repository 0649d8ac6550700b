import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The threats of SECURITY.md: | threat | what an attacker does | what prevents it | `file`: name of the test | */
const rows = readFileSync('SECURITY.md', 'utf8')
  .split('\n')
  .filter((line) => /^\|.*\| `[\w.-]+`: .+ \|$/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('each threat that SECURITY.md names', () => {
  it('is in the table', () => {
    expect(rows.length).toBeGreaterThanOrEqual(16);
  });

  it.each(rows.map((cells) => [cells[1], cells[4] ?? '']))('%s: has the test that it names', (_threat, cell) => {
    const [, file = '', name = ''] = /^`([\w.-]+)`: (.+)$/.exec(cell) ?? [];
    const path = ['flow', 'unit'].map((kind) => `test/${kind}/${file}.test.ts`).find((one) => existsSync(one));
    expect([cell, path]).toEqual([cell, expect.any(String)]);
    const source = readFileSync(path ?? '', 'utf8');
    const names = [...source.matchAll(/\bit(?:\.each\([\s\S]*?\))?\(\s*(['"`])(.+?)\1,/g)].map(
      (match) => match[2] ?? '',
    );
    expect(names.map((each) => each.replace(/^%s: /, '').replace(/ %j$/, ''))).toContain(name);
  });
});
