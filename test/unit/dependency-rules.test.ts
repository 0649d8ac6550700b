import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const CONFIG = '.dependency-cruiser.cjs';

/** For each rule, an import [from, to] that breaks it. A name without a leading slash is a package. */
const BREAKS: Record<string, readonly [from: string, to: string]> = {
  'no-cycles': ['/src/domain/one.ts', '/src/domain/two.ts'],
  'domain-imports-down-only': ['/src/domain/one.ts', '/src/mail/list/unified-list.ts'],
  'platform-imports-down-only': ['/src/platform/bus/bus.ts', '/src/graphql/node.ts'],
  '(?:providers|vault|graphql)-imports-down-only': ['/src/vault/vault.ts', '/src/accounts/users/user.store.ts'],
  'accounts-imports-down-only': ['/src/accounts/users/user.store.ts', '/src/mail/list/unified-list.ts'],
  'changes-imports-down-only': ['/src/changes/sync/sync.job.ts', '/src/mail/list/unified-list.ts'],
  'cache-imports-down-only': ['/src/cache/open.ts', '/src/mail/list/unified-list.ts'],
  'mail-imports-down-only': ['/src/mail/list/unified-list.ts', '/src/realtime/message.events.ts'],
  'realtime-imports-down-only': ['/src/realtime/message.events.ts', '/src/server/http/http.ts'],
  'providers-knows-no-neighbour': ['/src/providers/limiter/request-limiter.ts', '/src/vault/vault.ts'],
  'vault-knows-no-neighbour': ['/src/vault/vault.ts', '/src/graphql/node.ts'],
  'graphql-knows-no-neighbour': ['/src/graphql/node.ts', '/src/providers/limiter/request-limiter.ts'],
  'domain-imports-nothing': ['/src/domain/one.ts', 'zod'],
  'a-provider-knows-no-other': ['/src/providers/gmail/read/read.ts', '/src/providers/outlook/read/messages.ts'],
  'only-the-registry-names-providers': ['/src/mail/list/unified-list.ts', '/src/providers/gmail/read/read.ts'],
  'providers-know-no-prisma-and-no-graphql': ['/src/providers/limiter/request-limiter.ts', 'graphql'],
  'mail-services-know-no-graphql': ['/src/mail/list/unified-list.ts', '/src/mail/api/nodes.ts'],
  'prisma-lives-in-stores': ['/src/mail/list/unified-list.ts', '/src/platform/prisma/client.ts'],
  'only-accounts-opens-the-vault': ['/src/mail/list/unified-list.ts', '/src/vault/vault.ts'],
  'only-account-handles-leave-accounts': ['/src/mail/list/unified-list.ts', '/src/accounts/handles/mail-sessions.ts'],
  'only-app-and-main-wire': ['/src/server/http/http.ts', '/src/app.ts'],
  'sandbox-never-imports-src': ['/sandbox/start.ts', '/src/domain/one.ts'],
  'only-main-imports-the-sandbox': ['/src/app.ts', '/sandbox/start.ts'],
  'no-tests-in-the-product': ['/src/mail/list/unified-list.ts', '/test/support/app/app.ts'],
  'no-sandbox-tests-in-the-product': ['/sandbox/twins.ts', '/sandbox/testing/google.ts'],
  'examples-know-only-the-wire': ['/examples/inbox.ts', '/src/domain/one.ts'],
  'no-undeclared-dependency': ['/src/mail/list/unified-list.ts', 'never-installed'],
  'no-dev-dependency-in-the-product': ['/src/mail/list/unified-list.ts', 'vitest'],
  'the-page-is-apart-from-the-product': ['/src/server/http.ts', '/src/server/graphiql/app.tsx'],
};

/** Modules of GraphQL, which the services of mail must not import. */
const GRAPHQL = ['graphql', 'type-graphql', '/src/graphql/node.ts', '/src/mail/api/nodes.ts'];

let tree: string;
let violations: { rule: { name: string }; from: string; to: string }[];
beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'postern-rules-'));
  for (const file of ['package.json', 'tsconfig.json', CONFIG]) copyFileSync(file, join(tree, file));
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'));
  const files = new Map<string, string>([
    ['/src/domain/two.ts', "import './one.ts';\n"],
    ['/src/domain/lower.ts', "import type { Upper } from './upper.ts';\nexport type Lower = Upper;\n"],
    ['/src/domain/upper.ts', "import { type Lower } from './lower.ts';\nexport type Upper = Lower;\n"],
  ]);
  const ofMail = ['/src/mail/list/unified-list.ts', '/src/mail/open.ts', '/src/mail/api/nodes.ts'];
  const graphql = ofMail.flatMap((from) => GRAPHQL.filter((to) => to !== from).map((to) => [from, to] as const));
  for (const [from, to] of [...Object.values(BREAKS), ...graphql]) {
    const specifier = to.startsWith('/') ? `./${relative(dirname(from), to)}` : to;
    files.set(from, `${files.get(from) ?? ''}import '${specifier}';\n`);
    if (to.startsWith('/')) files.set(to, files.get(to) ?? '');
  }
  files.set('/sandbox/twins.test.ts', "import 'vitest';\nimport './testing/google.ts';\nimport './twins.ts';\n");
  for (const [path, text] of files) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const bin = resolve('node_modules/.bin/depcruise');
  const args = ['--config', CONFIG, '--output-type', 'json', 'src', 'sandbox', 'examples'];
  const run = await promisify(execFile)(bin, args, { cwd: tree }).catch((failed: { stdout: string }) => failed);
  violations = JSON.parse(run.stdout).summary.violations;
});
afterAll(() => rmSync(tree, { recursive: true }));

it('has a case for every rule', () => {
  const { forbidden } = createRequire(import.meta.url)(resolve(CONFIG)) as { forbidden: { name: string }[] };
  expect(Object.keys(BREAKS).sort()).toEqual(forbidden.map(({ name }) => name).sort());
});

it.each(Object.entries(BREAKS))('%s', (rule, [from, to]) => {
  const found = violations.filter(({ rule: { name } }) => name === rule).map((v) => `/${v.from} imports /${v.to}`);
  expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${from} imports .*\\b${to.replace(/^\//, '')}\\b`)));
});

it('finds a circle of types alone', () => {
  const found = violations.filter(({ rule: { name } }) => name === 'no-cycles').map(({ from }) => from);
  expect(found.filter((from) => /(?:lower|upper)\.ts$/.test(from))).not.toEqual([]);
});

it.each(GRAPHQL)('keeps the services of mail from %s, and lets the API of the room and its wiring have it', (to) => {
  const target = to.startsWith('/') ? to.slice(1) : `node_modules/${to}/`;
  const found = violations.filter(({ rule: { name }, to: found }) => {
    return name === 'mail-services-know-no-graphql' && found.includes(target);
  });
  expect(found.map(({ from }) => from)).toEqual(['src/mail/list/unified-list.ts']);
});

it('lets the tests of the emulators import the test runner and what starts an emulator', () => {
  expect(violations.filter(({ from }) => from === 'sandbox/twins.test.ts')).toEqual([]);
});
