import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/sequencer.ts';

const ISOLATED = ['test/flow/connect-methods.test.ts'];

export default defineConfig({
  // One copy of graphql: vitest would load it as ESM and as CommonJS.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    passWithNoTests: false,
    allowOnly: false,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // For failures only: a machine that is busy with other things must not look like one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What takes longer says so where it is waited for; what can only fail again ends at once (test/support/polls.ts).
    expect: { poll: { timeout: 20_000, interval: 25 } },
    // With --coverage, as .ci/run asks for on PostgreSQL: the embedded database leaves that of platform/ out. Processes that a test starts do not count.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Types alone, what is generated, what a browser runs, and the entry points, which run in processes of their own.
      exclude: ['src/platform/prisma/**', 'src/server/graphiql/**', 'src/{main,runtime,invite.command,emit-schema}.ts'],
      reporter: ['text-summary', 'json-summary', ['text', { file: 'files.txt', skipFull: true }]],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/{unit,contract,flow}/**/*.test.ts', 'sandbox/**/*.test.ts'],
          exclude: ISOLATED,
          globalSetup: ['test/support/memory-directory.ts', 'test/support/template.ts'],
          setupFiles: ['reflect-metadata', 'test/support/polls.ts'],
          // The program's modules are loaded once a worker, not once a file: nothing in them may remember a test.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          // Files that replace a module of the program before it is loaded: each has a copy of its own.
          name: 'node-isolated',
          include: ISOLATED,
          globalSetup: ['test/support/memory-directory.ts'],
          setupFiles: ['reflect-metadata', 'test/support/polls.ts'],
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
