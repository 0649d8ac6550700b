import { defineConfig } from 'vitest/config';

export default defineConfig({
  // One copy of graphql: vitest would load it as ESM and as CommonJS.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    passWithNoTests: false,
    allowOnly: false,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/{unit,contract,flow}/**/*.test.ts'],
          setupFiles: ['reflect-metadata'],
          // The program's modules are loaded once a worker, not once a file: nothing in them may remember a test.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file runs `npm start`, which writes dist/.
          maxWorkers: 1,
        },
      },
    ],
  },
});
