import { createHash } from 'node:crypto';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { preset } from '@graphql-codegen/client-preset';
import { type DocumentNode, Kind, visit } from 'graphql';

/** `npm run codegen`: types for the documents in the tests and examples, each graphql(`...`) call, from schema.graphql. */

/** The client preset passes over an operation without a name; a test's has none, and here gets one made of its text. */
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
