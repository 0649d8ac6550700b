import type { CodegenConfig } from '@graphql-codegen/cli';

/** `npm run codegen`: types for the documents in the tests and examples, each graphql(`...`) call, from schema.graphql. */

const typed = {
  preset: 'client',
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
    'test/generated/': { ...typed, documents: 'test/{flow,browser}/**/*.ts' },
    'examples/generated/': { ...typed, documents: ['examples/**/*.{ts,tsx}', '!examples/generated/**'] },
  },
};
export default config;
