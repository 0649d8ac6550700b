import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');
const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const scripts = JSON.parse(readFileSync('package.json', 'utf8')).scripts as Record<string, string>;

describe('the documents', () => {
  it('show queries that the schema answers', () => {
    const blocks = [...readme.matchAll(/```graphql\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    expect(blocks.length).toBeGreaterThanOrEqual(5);
    for (const block of blocks) {
      // Two operations in one block are pasted separately.
      for (const operation of parse(block).definitions) {
        expect(validate(schema, { kind: 'Document', definitions: [operation] } as ReturnType<typeof parse>)).toEqual(
          [],
        );
      }
    }
  });

  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    ...readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  it.each(documents)('%s names scripts and files that are there', (file) => {
    const text = readFileSync(file, 'utf8');
    for (const [, script] of text.matchAll(/npm run ([a-z:]+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect([link, existsSync(join(dirname(file), link ?? ''))]).toEqual([link, true]);
  });
});
