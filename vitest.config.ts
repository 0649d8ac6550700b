import { defineConfig } from 'vitest/config';
import { filesOfAnyDatabase } from './test/support/run/database-needs.ts';
import { LongestFirst } from './test/support/run/sequencer.ts';

const ISOLATED = ['test/flow/connect-methods.test.ts'];
const ONCE = filesOfAnyDatabase();
const NODE = {
  globalSetup: ['test/support/run/memory-directory.ts', 'test/support/run/template.ts'],
  setupFiles: ['reflect-metadata', 'test/support/run/polls.ts'],
  // The modules of the program are loaded once for each worker, not for each file, so nothing in them may
  // remember a test.
  isolate: false,
};

export default defineConfig({
  // Loads one copy of graphql, which vitest would otherwise load as ESM and as CommonJS.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    passWithNoTests: false,
    allowOnly: false,
    // With a third worker on two processors, tests that wait for a notification begin to miss it.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // The time-outs are long, so that they report only failures, even on a busy machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A poll that takes longer sets its own time-out. A poll that can only fail again ends at once
    // (test/support/run/polls.ts).
    expect: { poll: { timeout: 20_000, interval: 25 } },
    // Coverage is measured with --coverage. .ci/run adds up the run on PostgreSQL, because the embedded database leaves
    // code of platform/ out, and that of the files that need no certain database. Processes that a test starts do not
    // count.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Excludes types, generated code, code for the browser, and the entry points, which run in processes of their
      // own.
      exclude: ['src/platform/prisma/**', 'src/server/graphiql/**', 'src/{main,runtime,invite.command,emit-schema}.ts'],
      reporter: ['text-summary', 'json-summary', ['text', { file: 'files.txt', skipFull: true }]],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
    },
    projects: [
      {
        extends: true,
        test: {
          ...NODE,
          name: 'node',
          include: ['test/{unit,contract,flow}/**/*.test.ts', 'sandbox/**/*.test.ts'],
          exclude: [...ISOLATED, ...ONCE],
        },
      },
      {
        extends: true,
        test: {
          ...NODE,
          // Files that show the same on each database.
          name: 'node-once',
          include: ONCE,
        },
      },
      {
        extends: true,
        test: {
          // Files that replace a module of the program before it is loaded. Each has its own copy of the modules.
          name: 'node-isolated',
          include: ISOLATED,
          globalSetup: ['test/support/run/memory-directory.ts'],
          setupFiles: ['reflect-metadata', 'test/support/run/polls.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          // Each file runs `npm start`, which writes dist/.
          maxWorkers: 1,
        },
      },
    ],
  },
});
