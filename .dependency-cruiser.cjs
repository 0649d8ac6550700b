/** The layers of CONTRIBUTING.md: a room imports only rooms below it, and no imports form a cycle. */
const rooms = [
  'domain',
  'platform',
  '(?:providers|vault|graphql)',
  'accounts',
  'changes',
  'cache',
  'mail',
  'realtime',
  'server',
];
const PAGE = '^src/server/graphiql/';
const room = (name) => `^src/${name}/`;
/** The tests of the emulators, and the files that only they import. */
const sandboxTests = '^sandbox/testing/|^sandbox/.+\\.test\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...rooms.slice(0, -1).map((name, index) => ({
      name: `${name}-imports-down-only`,
      severity: 'error',
      from: { path: room(name) },
      to: { path: `^src/(?:${rooms.slice(index + 1).join('|')})/` },
    })),
    ...['providers', 'vault', 'graphql'].map((name) => ({
      name: `${name}-knows-no-neighbour`,
      severity: 'error',
      from: { path: room(name) },
      to: { path: room(`(?:${['providers', 'vault', 'graphql'].filter((other) => other !== name).join('|')})`) },
    })),
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: room('domain') },
      to: { pathNot: room('domain') },
    },
    {
      name: 'a-provider-knows-no-other',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: { path: '^src/providers/[^/]+/', pathNot: '^src/providers/(?:$1|contract|limiter|shared)/' },
    },
    {
      name: 'only-the-registry-names-providers',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/providers/' },
      to: { path: '^src/providers/[^/]+/', pathNot: '^src/providers/(?:contract|limiter|shared)/' },
    },
    {
      name: 'providers-know-no-prisma-and-no-graphql',
      severity: 'error',
      from: { path: room('providers') },
      to: { path: 'node_modules/(?:@prisma|graphql|type-graphql)/' },
    },
    {
      // The resolvers in mail/api map between GraphQL and the services, and open.ts wires them.
      name: 'mail-services-know-no-graphql',
      severity: 'error',
      from: { path: room('mail'), pathNot: '^src/mail/(?:api/|open\\.ts$)' },
      to: { path: '^src/(?:graphql|mail/api)/|node_modules/(?:graphql|type-graphql)/' },
    },
    {
      name: 'prisma-lives-in-stores',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/|\\.store\\.ts$' },
      to: { path: '^src/platform/prisma/' },
    },
    {
      name: 'only-accounts-opens-the-vault',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(?:vault|accounts|app\\.ts)' },
      to: { path: room('vault') },
    },
    {
      // A room above has a mailbox by its AccountHandle only, so that a principal's rights are enforced in one place.
      name: 'only-account-handles-leave-accounts',
      severity: 'error',
      from: { path: '^src/', pathNot: room('accounts') },
      to: { path: '^src/accounts/handles/', pathNot: '^src/accounts/handles/account-handles?\\.ts$' },
    },
    {
      name: 'only-app-and-main-wire',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/(?:app|app\\.options|main|resolvers)\\.ts$' },
    },
    { name: 'sandbox-never-imports-src', severity: 'error', from: { path: '^sandbox/' }, to: { path: '^src/' } },
    {
      name: 'only-main-imports-the-sandbox',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^sandbox/' },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^(?:src|sandbox)/' },
      to: { path: '^(?:test|bench|examples)/' },
    },
    {
      name: 'no-sandbox-tests-in-the-product',
      severity: 'error',
      from: { path: '^(?:src|sandbox)/', pathNot: sandboxTests },
      to: { path: sandboxTests },
    },
    {
      name: 'examples-know-only-the-wire',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(?:src|sandbox|test)/' },
    },
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: { path: '^(?:src|sandbox)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    {
      // The page runs in a browser. build.ts bundles it with its packages into files, and production installs neither.
      name: 'no-dev-dependency-in-the-product',
      severity: 'error',
      from: { path: '^(?:src|sandbox)/', pathNot: `${PAGE}|${sandboxTests}` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-page-is-apart-from-the-product',
      severity: 'error',
      from: { path: '^(?:src|sandbox)/', pathNot: PAGE },
      to: { path: PAGE },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/platform/prisma/internal' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'style', 'node', 'default', 'types'],
      // A package that has only types has no main.
      mainFields: ['module', 'main', 'types'],
    },
  },
};
