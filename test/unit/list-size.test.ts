import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type DocumentNode,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  graphql,
  parse,
  validate,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { inboxPage, MAILBOXES, oneMessage, THREADS_PAGE } from '../../bench/pages.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { listSizeOf } from '../../src/graphql/list-size.ts';
import { NodeResolver } from '../../src/graphql/node.resolver.ts';
import { type Node, NodeRegistry } from '../../src/graphql/node.ts';
import { countCharacters } from '../../src/graphql/operation/limits/answer-counter.ts';
import { countLists } from '../../src/graphql/operation/limits/list-counter.ts';
import { fieldsOf, isListOfObjects, ListFields } from '../../src/graphql/operation/limits/list-fields.ts';
import { checkSizes } from '../../src/graphql/operation/limits/list-limits.ts';
import { QUERY_LIMITS } from '../../src/graphql/operation/limits/query-limits.ts';
import { createContext } from '../../src/graphql/request-context.ts';
import { createLog } from '../../src/platform/log.ts';
import { NO_EXAMPLES } from '../../src/server/graphiql/examples.ts';
import { defaultTabs } from '../../src/server/graphiql/tabs.ts';
import { bareSchema, repeat } from '../support/schema/schema.ts';

let schema: GraphQLSchema;
beforeAll(() => {
  schema = bareSchema();
});

const LISTS = repeat(99, (i) => `a${i}: messages(first: 1) { nodes { id } }`);
const ids = (n: number) => Array.from({ length: n }, (_, i) => `id-${i}`);
const idList = (n: number) => JSON.stringify(ids(n));

const contextOf = (principal: Principal | null) =>
  createContext({
    principal,
    signal: new AbortController().signal,
    log: createLog('silent'),
    requestId: '1',
    clientAddress: '',
  });

/** Returns the message of a refusal, or null when the query is allowed. */
function refusal(query: string, variables: Record<string, unknown> = {}): string | null {
  const document = parse(query);
  expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
  try {
    for (const definition of document.definitions) {
      if (definition.kind === 'OperationDefinition')
        checkSizes(schema, document, definition.name?.value, variables, QUERY_LIMITS);
    }
    return null;
  } catch (error) {
    expect((error as GraphQLError).extensions.code).toBe('QUERY_TOO_COMPLEX');
    return (error as GraphQLError).message;
  }
}

describe('every list of objects in the schema', () => {
  const all = () =>
    Object.values(schema.getTypeMap())
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) => fieldsOf(type).map((field) => ({ type, field, name: `${type.name}.${field.name}` })));

  it('declares how long it can be', () => {
    const lists = all().filter(({ field }) => isListOfObjects(field));
    expect(lists.length).toBeGreaterThan(30);
    expect(lists.filter(({ field }) => !listSizeOf(field)).map(({ name }) => name)).toEqual([]);
  });

  it('names an argument that exists', () => {
    const lists = new ListFields(schema);
    for (const { field, name } of all()) {
      const size = listSizeOf(field);
      const argument = size && 'argument' in size ? size.argument : lists.pageArgument(getNamedType(field.type));
      if (!argument) continue;
      const names = field.args.map((arg) => arg.name);
      expect({ name, names }).toEqual({ name, names: expect.arrayContaining([argument.split('.')[0]]) });
    }
  });
});

describe('lists inside lists', () => {
  it.each<[string, string, Record<string, unknown>?]>([
    ['nodes, ids in the text', `{ nodes(ids: ${idList(100)}) { ... on Viewer { ${LISTS} } } }`],
    ['nodes, the same id', `{ nodes(ids: ${JSON.stringify(Array(100).fill('id'))}) { ... on Viewer { ${LISTS} } } }`],
    [
      'nodes, a variable',
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Viewer { ${LISTS} } } }`,
      { ids: ids(100) },
    ],
    ['nodes, a default', `query ($ids: [ID!]! = ${idList(100)}) { nodes(ids: $ids) { ... on Viewer { ${LISTS} } } }`],
    [
      'nodes, fragments',
      `{ nodes(ids: ${idList(100)}) { ...A } } fragment A on Node { ...B } fragment B on Viewer { ${LISTS} }`,
    ],
    ['nodes of threads', `{ nodes(ids: ${idList(100)}) { ... on Thread { ${LISTS} } } }`],
    [
      'nodes behind nodes',
      `{ nodes(ids: ${idList(100)}) { ... on Message { thread { messages { nodes { thread { messages { nodes { id } } } } } } } } }`,
    ],
    [
      'identities',
      `{ nodes(ids: ${idList(100)}) { ... on Integration { ${repeat(99, (i) => `a${i}: identities { address }`)} } } }`,
    ],
    [
      'submissions',
      `{ nodes(ids: ${idList(100)}) { ... on Viewer { ${repeat(99, (i) => `a${i}: submissions(first: 1) { nodes { id } }`)} } } }`,
    ],
    [
      'a directive that a variable decides',
      `query ($no: Boolean = false) { nodes(ids: ${idList(100)}) { ... on Viewer @include(if: $no) { ${LISTS} } } }`,
    ],
    [
      'results, ids in the text',
      `mutation { trash(input: { ids: ${idList(500)} }) { results { node { ... on Thread { messages { nodes { id } } } } } } }`,
    ],
    [
      'results, ids in a variable',
      'mutation ($ids: [ID!]!) { trash(input: { ids: $ids }) { results { node { ... on Thread { messages { nodes { id } } } } } } }',
      { ids: ids(500) },
    ],
    [
      'results, the input in a variable',
      'mutation ($in: UpdateMessagesInput!) { updateMessages(input: $in) { results { node { ... on Thread { messages { nodes { id } } } } } } }',
      { in: { ids: ids(500), isRead: true } },
    ],
    [
      'results, the input by default',
      `mutation ($in: MessagesInput! = { ids: ${idList(500)} }) { archive(input: $in) { results { node { ... on Thread { messages { nodes { id } } } } } } }`,
    ],
    ['integrations', `{ viewer { integrations { ${LISTS} } } }`],
    [
      'mailboxes',
      `{ viewer { integrations { mailboxes(first: 50) { nodes { a: messages { nodes { id } } b: threads { nodes { id } } } } } } }`,
    ],
    [
      'mailboxes by edges',
      `{ viewer { integrations { mailboxes(first: 50) { edges { node { a: messages { nodes { id } } b: threads { nodes { id } } } } } } } }`,
    ],
    [
      'mailboxes inside mailboxes',
      '{ viewer { integrations { mailbox(role: INBOX) { children { children { children { messages { nodes { id } } } } } } } } }',
    ],
    [
      'mailboxes of messages',
      '{ viewer { messages(first: 100) { nodes { mailboxes { messages { nodes { id } } } } } } }',
    ],
    [
      'mailboxes of threads',
      '{ viewer { threads(first: 100) { nodes { mailboxes { messages { nodes { id } } } } } } }',
    ],
    ['sources', `{ viewer { messages { sources { integration { ${LISTS} } } } } }`],
    [
      'drafts',
      '{ viewer { integrations { drafts(first: 100) { nodes { message { thread { messages { nodes { id } } } } } } } } }',
    ],
    ['a subscription', `subscription { messageReceived { message { mailboxes { ${LISTS} } } } }`],
  ])('are counted with their multiples: %s', (_what, query, variables) => {
    const [, asked, allowed] =
      /up to (\d+) (?:lists|items together), at most (\d+)/.exec(refusal(query, variables) ?? '') ?? [];
    expect(Number(allowed)).toBeGreaterThanOrEqual(300);
    expect(Number(asked)).toBeGreaterThan(Number(allowed));
  });

  it('are refused with both figures', () => {
    expect(refusal(`{ nodes(ids: ${idList(100)}) { ... on Viewer { ${LISTS} } } }`)).toMatch(
      /reads up to 9900 lists, at most 300/,
    );
    const many = `{ nodes(ids: ${idList(100)}) { ... on Thread { ${repeat(3, (i) => `a${i}: messages { nodes { id } }`)} } } }`;
    expect(refusal(many)).toMatch(/hold up to 30100 items together, at most 20000/);
  });

  it('also count as fields of the answer', () => {
    const fields = repeat(100, (i) => `f${i}: subject`);
    expect(
      refusal(
        `{ nodes(ids: ${idList(100)}) { ... on Thread { messages { nodes { ...F headers { name value } } } } } } fragment F on Message { ${fields} }`,
      ),
    ).toMatch(/answer has up to \d+ fields, at most 2000000/);
  });

  it.each<[string, string, Record<string, unknown>?]>([
    ['few ids', `{ nodes(ids: ["a", "b"]) { ... on Viewer { ${LISTS} } } }`],
    ['one id that is no list', `{ nodes(ids: "a") { ... on Viewer { ${LISTS} } } }`],
    [
      'what is left out by the text',
      `{ nodes(ids: ${idList(100)}) { id ... on Viewer @skip(if: true) { ${LISTS} } ... on Integration @include(if: false) { ${LISTS} } } }`,
    ],
    ['100 aliases of the merged list', `{ viewer { ${LISTS} } }`],
    [
      '100 threads with their messages',
      '{ viewer { threads(first: 100) { nodes { messages { nodes { id subject } } } } } }',
    ],
    [
      '100 threads by id',
      `{ nodes(ids: ${idList(100)}) { ... on Thread { messages { nodes { id subject from { name } } } } } }`,
    ],
    [
      'a page of whole messages',
      '{ viewer { messages(first: 100) { nodes { subject to { name address } cc { address } mailboxes { name } attachments { filename download { url } } headers { name value } body { text html } } sources { integration { address } } } } }',
    ],
    [
      '25 threads with all of their messages',
      '{ viewer { threads(first: 25) { nodes { subject participants { name } messages { nodes { subject to { address } mailboxes { name role } attachments { filename } body { text } } } } } } }',
    ],
    [
      '1,000 messages that are changed',
      'mutation ($in: UpdateMessagesInput!) { updateMessages(input: $in) { results { target node { ... on Message { isRead mailboxes { name } } } problem { message } } } }',
      { in: { ids: ids(1_000), isRead: true } },
    ],
    [
      'the folders of all accounts',
      '{ viewer { integrations { address mailboxes { nodes { id name role unreadMessages children { name } } } } } }',
    ],
    [
      'the tree of folders of all accounts, with their counts',
      '{ viewer { integrations { mailboxes { nodes { id name unreadMessages totalMessages children { id name unreadMessages children { id name unreadMessages } } } } } } }',
    ],
    [
      'the newest mail of all mailboxes',
      '{ viewer { integrations { mailboxes { nodes { name messages(first: 5) { nodes { subject from { name } } } } } } } }',
    ],
    [
      'the newest mail of 50 mailboxes',
      '{ viewer { integrations { mailboxes(first: 50) { nodes { name messages(first: 1) { nodes { subject } } } } } } }',
    ],
    [
      'first absent, null or negative',
      'query ($n: Int) { viewer { integrations { a: mailboxes { nodes { id } } b: mailboxes(first: -5) { nodes { id } } c: mailboxes(first: $n) { nodes { id } } } } providers { id } }',
      { n: null },
    ],
  ])('pass when they are few: %s', (_what, query, variables) => {
    expect(refusal(query, variables)).toBeNull();
  });

  it('pass as the product itself requests them', () => {
    const readme = [...readFileSync('README.md', 'utf8').matchAll(/```graphql\n([\s\S]*?)```/g)].map(
      ([, text = '']) => text,
    );
    const tabs = defaultTabs(NO_EXAMPLES, null, 'http://127.0.0.1:4000').map(({ query }) => query);
    const bench = [inboxPage(), inboxPage(MAILBOXES), THREADS_PAGE, oneMessage(ids(40))];
    expect(readme.length).toBeGreaterThan(6);
    for (const query of [...readme.filter((text) => !text.trimStart().startsWith('mutation {')), ...tabs, ...bench])
      expect(refusal(query)).toBeNull();
  });

  it('take no longer to count in a fragment bomb', () => {
    const bomb = `{ nodes(ids: "a") { ...f0 } } ${repeat(200, (i) => `fragment f${i} on Node { ...f${i + 1} ...f${i + 1} }`)} fragment f200 on Node { ... on Viewer { messages { nodes { id } } } }`;
    const document = parse(bomb);
    expect(() => checkSizes(schema, document, null, {}, QUERY_LIMITS)).toThrow(GraphQLError);
  });
});

describe('nodes', () => {
  it('reads equal ids once, and returns each in its position', async () => {
    const loaded: string[] = [];
    const registry = new NodeRegistry().register('Thing', async (_context, [name = '']) => {
      loaded.push(name);
      return name === 'none' ? null : ({ id: name } as Node);
    });
    const [a, b, none] = ['a', 'b', 'none'].map((name) => encodeId('Thing', name)) as [string, string, string];
    const principal = { userId: 'u', kind: 'session', scopes: [], expiresAt: new Date(8e15) };
    const info = {} as GraphQLResolveInfo;
    const answer = await Promise.all(
      new NodeResolver(registry).nodes([b, a, none, b, none, a], contextOf(principal), info),
    );
    expect(answer.map((node) => node?.id)).toEqual(['b', 'a', undefined, 'b', undefined, 'a']);
    expect(loaded).toEqual(['b', 'a', 'none']);
  });
});

describe('the size of an answer', () => {
  const bytes = (query: string) => checkSizes(schema, parse(query), null, {}, QUERY_LIMITS).bytes;
  it('is estimated by its bodies and their number', () => {
    const list = bytes('{ viewer { messages(first: 25) { nodes { id subject snippet from { name address } } } } }');
    expect(list).toBeGreaterThan(25 * 4 * 64);
    expect(list).toBeLessThan(64 * 1024);
    const body = bytes('{ viewer { messages(first: 1) { nodes { body { html } } } } }');
    expect(body).toBeGreaterThanOrEqual(2 ** 20);
    expect(bytes('{ viewer { messages(first: 10) { nodes { body { html text } } } } }')).toBeGreaterThan(19 * body);
    expect(bytes('subscription { messageReceived { message { body { text } } } }')).toBeGreaterThanOrEqual(2 ** 20);
  });
});

describe('the size of an operation that is sent again', () => {
  const page = 'messages(first: $n) { nodes { id subject } }';
  const check = (document: DocumentNode, variables: object = {}) =>
    checkSizes(schema, document, null, variables as Record<string, unknown>, QUERY_LIMITS);

  it('is not counted again where no variable decides it', () => {
    const document = parse('query ($id: ID!) { node(id: $id) { id } viewer { messages(first: 7) { nodes { id } } } }');
    expect(check(document, { id: 'b' })).toBe(check(document, { id: 'a' }));
  });

  it('follows the variables that decide it, and their defaults', () => {
    const document = parse(`query ($n: Int = 10) { viewer { ${page} } }`);
    const [few, many] = [check(document, { n: 2 }).bytes, check(document, { n: 90 }).bytes];
    expect(many).toBeGreaterThan(10 * few);
    expect(check(document).bytes).toBeGreaterThan(2 * few);
    expect(() => check(document, { n: 101 })).toThrow(GraphQLError);
  });

  it('does not spare its variables from their own limits', () => {
    const document = parse('query ($id: ID!) { node(id: $id) { id } }');
    check(document, { id: 'a' });
    expect(() => check(document, { id: '\ud800' })).toThrow(/surrogate/);
  });
});

describe('while an operation is executed', () => {
  it('refuses lists beyond the limit one by one, and reads nothing for them', async () => {
    const small = buildSchema('type Query { of: [Query!]! list(first: Int = 1): [Query!] id: ID }');
    let reads = 0;
    const list = () => {
      reads++;
      return [];
    };
    countLists(small, 3);
    const run = (n: number) =>
      graphql({
        schema: small,
        source: '{ of { list { id } } }',
        rootValue: { of: Array(n).fill({ list }) },
        contextValue: contextOf(null),
      });
    expect((await run(3)).errors).toBeUndefined();
    const { errors = [], data } = await run(5);
    expect(reads).toBe(6);
    expect(errors.map(({ path }) => path)).toEqual([
      ['of', 3, 'list'],
      ['of', 4, 'list'],
    ]);
    expect(errors[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
    expect(errors[0]?.message).toMatch(/reads more than 3 lists/);
    expect(data?.of).toHaveLength(5);
  });

  it('refuses bodies beyond the limit one by one, except the first, however long it is', async () => {
    const small = buildSchema('type Query { of: [Query!]! body: String later: String name: String }');
    const fields = (small.getQueryType() as GraphQLObjectType).getFields();
    for (const name of ['body', 'later']) Object.assign(fields[name] ?? {}, { extensions: { valueBytes: 10 } });
    countCharacters(small, 100);
    const run = (source: string, length: number) => {
      const text = 'x'.repeat(length);
      const rootValue = { body: text, later: async () => text, name: text };
      return graphql({ schema: small, source, rootValue, contextValue: contextOf(null) });
    };
    expect(await run('{ a: body b: body c: later }', 33)).not.toHaveProperty('errors');
    const { data, errors = [] } = await run('{ a: body b: body c: later n: name }', 34);
    expect([data?.a, data?.b, data?.c, data?.n].map((value) => typeof value)).toEqual([
      'string',
      'string',
      'object',
      'string',
    ]);
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['c'], 'QUERY_TOO_COMPLEX']]);
    const long = await run('{ a: body b: body }', 1_000);
    expect(long.data).toEqual({ a: 'x'.repeat(1_000), b: null });
  });
});
