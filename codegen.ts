import { createHash } from 'node:crypto';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { preset } from '@graphql-codegen/client-preset';
import { type DocumentNode, Kind, visit } from 'graphql';

/**
 * `npm run codegen` creates types for the documents in the tests and examples, that is for each call graphql(`...`),
 * from schema.graphql.
 */

/**
 * The client preset skips an operation without a name. The operations of the tests have none, and get one from their
 * text.
 */
const named = (document: DocumentNode, text: string): DocumentNode => {
  const value = `Of${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  return visit(document, {
    OperationDefinition: (node) => (node.name ? undefined : { ...node, name: { kind: Kind.NAME, value } }),
  });
};

const typed = {
  preset: {
    ...preset,
    buildGeneratesSection: (options: Parameters<typeof preset.buildGeneratesSection>[0]) => {
      const documents = options.documents.map(({ document, rawSDL, ...file }) =>
        document && rawSDL !== undefined ? { ...file, rawSDL, document: named(document, rawSDL) } : file,
      );
      return preset.buildGeneratesSection({ ...options, documents });
    },
  },
  presetConfig: { fragmentMasking: false },
  config: {
    useTypeImports: true,
    enumsAsTypes: true,
    strictScalars: true,
    scalars: { DateTime: 'string', EmailAddress: 'string', URL: 'string', Cursor: 'string' },
  },
} as const;

const config: CodegenConfig = {
  schema: 'schema.graphql',
  importExtension: '.ts',
  errorsOnly: true,
  generates: {
    'test/generated/': { ...typed, documents: 'test/{browser,flow,support}/**/*.ts' },
    'examples/generated/': { ...typed, documents: ['examples/**/*.{ts,tsx}', '!examples/generated/**'] },
  },
};
export default config;
