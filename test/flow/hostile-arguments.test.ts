import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { AnswerBody } from '../support/clients/answer.ts';
import { answerIn, openSocket, subscribe } from '../support/clients/socket.ts';
import { hostileValues, type KnownIds, placesOf, together } from '../support/schema/places.ts';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));

let app: TestApp;
let ids: KnownIds;
let logged: string[] = [];
beforeAll(async () => {
  const log = createLog('error', { write: (line) => void logged.push(line) });
  app = await startApp({ messages: 4, unannounced: true, log });
  const { viewer } = await app.data(
    graphql(`{ viewer { integrations { id mailboxes { nodes { id } } } messages { nodes { id thread { id } } } } }`),
  );
  const [integration] = viewer.integrations;
  const [message] = viewer.messages.nodes;
  const { saveDraft } = await app.data(
    graphql(`mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id } } }`),
    { input: { integration: integration?.id, text: 'Half a thought.' } },
  );
  ids = {
    Integration: integration?.id ?? '',
    Mailbox: integration?.mailboxes.nodes[0]?.id ?? '',
    Message: message?.id ?? '',
    Thread: message?.thread.id ?? '',
    Draft: saveDraft.draft.id,
    Submission: Buffer.from('Submission:00000000-0000-4000-8000-000000000000').toString('base64url'),
  };
  logged = [];
});
afterAll(() => app.close());

/** How many values are tried in one request, each under an alias and with variables of its own. */
const BATCH = 10;

const lastName = (place: string): string => /(\w+)\)?$/.exec(place)?.[1] ?? '';
const refusals = ({ errors = [] }: AnswerBody) =>
  errors.map(({ message, extensions: { code } }) => `${code}: ${message}`);

/** A document with a literal null, and what the refusal says. */
const WRITTEN_NULLS = [
  ['{ viewer { messages(first: null) { nodes { id } } } }', 'Argument "first" of non-null type "Int!"'],
  ['{ nodes(ids: ["a", null]) { id } }', 'Argument "ids" of non-null type "ID!"'],
  [
    'query ($n: Int! = null) { viewer { messages(first: $n) { nodes { id } } } }',
    'Variable "$n" of non-null type "Int!"',
  ],
  ['{ viewer @skip(if: null) { email } }', 'Argument "if" of non-null type "Boolean!"'],
  [
    'mutation { send(input: { undoSeconds: null, idempotencyKey: "k" }) { userErrors { message } } }',
    'Field "undoSeconds" of non-null type "Int!"',
  ],
] as const;

it('null for an argument or field with a default is refused by its name, as a variable and as a literal', async () => {
  const places = placesOf(schema, ids).filter(({ hasDefault, type }) => hasDefault && String(type).endsWith('!'));
  expect(places.length).toBeGreaterThan(15);
  for (const { name, ask } of places) {
    const { query, variables } = ask(null);
    const [refusal = ''] = refusals(await app.query(query, variables));
    expect(`${name} ${refusal}`).toMatch(/ BAD_USER_INPUT: /);
    expect(refusal).toContain(lastName(name));
  }
  for (const [written, said] of WRITTEN_NULLS) {
    expect(refusals(await app.query(written))).toEqual([`BAD_USER_INPUT: ${said} must not be null.`]);
    const socket = await openSocket(app, app.token);
    await socket.send(subscribe(written));
    expect(refusals(answerIn(await socket.receive('error')))).toEqual([`BAD_USER_INPUT: ${said} must not be null.`]);
    socket.close();
  }
  const inInput = await app.query(
    'mutation ($n: Int) { send(input: { idempotencyKey: "k", undoSeconds: $n }) { userErrors { message } } }',
    { n: null },
  );
  expect(refusals(inInput)).toEqual([expect.stringMatching(/^BAD_USER_INPUT: .*undoSeconds/)]);
  const { errors } = await app.query('query ($n: Int) { viewer { messages(first: $n) { nodes { id } } } }');
  expect(errors).toBeUndefined();
});

it('no value of any argument or input field of the schema leads to an internal error or a line in the log', async () => {
  const wrong: string[] = [];
  const places = new Map(
    placesOf(schema, ids)
      .reverse()
      .map((place) => [place.key, place]),
  );
  const questions = [...places.values()].flatMap(({ name, type, part }) =>
    hostileValues(lastName(name), type, ids).map((value) => ({ name, value, part })),
  );
  expect(questions.length).toBeGreaterThan(1_000);
  type Question = (typeof questions)[number];
  const groups = new Map<string, Question[][]>();
  for (const question of questions) {
    const { kind, isTaken } = question.part(question.value, 0);
    const alike = groups.get(`${kind} ${isTaken}`) ?? [[]];
    groups.set(`${kind} ${isTaken}`, alike);
    if (alike.at(-1)?.length === BATCH) alike.push([]);
    alike.at(-1)?.push(question);
  }
  const ask = async (group: readonly Question[]): Promise<void> => {
    const parts = group.map(({ value, part }, at) => part(value, at));
    const { query, variables } = together(parts);
    const answer = await app.query(query, variables);
    // A refusal of the whole document hides the answers to the other values.
    const isHidden = parts.some(({ isTaken }) => isTaken) && answer.errors?.some(({ path }) => path === undefined);
    if (isHidden && group.length > 1) {
      for (const one of group) await ask([one]);
      return;
    }
    const isOurs = refusals(answer).some((refusal) => /^(INTERNAL|undefined):/.test(refusal));
    if (!isOurs && [200, 400].includes(answer.status)) return;
    const values = group.map(({ name, value }) => `${name} ${JSON.stringify(value).slice(0, 80)}`);
    wrong.push(`${values.join(', ')}: ${answer.status} ${refusals(answer)}`);
  };
  const left = [...groups.values()].flat();
  const askOn = async () => {
    for (let next = left.pop(); next; next = left.pop()) await ask(next);
  };
  await Promise.all(Array.from({ length: 8 }, askOn));
  expect(logged).toEqual([]);
  expect(wrong).toEqual([]);
});

it('a lone surrogate is refused with its position, over HTTP and over WebSocket', async () => {
  const query = 'query ($filter: MessageFilter) { viewer { messages(filter: $filter) { nodes { id } } } }';
  const variables = { filter: { or: [{ subject: 'whole \u{1f600}' }, { subject: 'half \ud83d' }] } };
  const expected = expect.stringMatching(/^BAD_USER_INPUT: Variable "\$filter" .* at "filter\.or\[1\]\.subject"/);
  expect(refusals(await app.query(query, variables))).toEqual([expected]);
  const socket = await openSocket(app, app.token);
  await socket.send(subscribe(query, '1', { variables }));
  expect(refusals(answerIn(await socket.receive('error')))).toEqual([expected]);
  socket.close();
});

it('a subscription refuses lone surrogates as a query does', async () => {
  const socket = await openSocket(app, app.token);
  const query = 'subscription ($i: [ID!], $a: Cursor) { messageReceived(integrations: $i, after: $a) { cursor } }';
  const nul = Buffer.from('Integration:%00').toString('base64url');
  const given = [
    { i: [''] },
    { i: [nul] },
    { i: 5 },
    { i: ['\ud800'] },
    { a: '' },
    { a: '\u0000' },
    { a: 'text' },
    { a: {} },
  ];
  for (const [id, variables] of given.entries()) await socket.send(subscribe(query, String(id), { variables }));
  for (const id of given.keys()) {
    const { errors } = answerIn(await socket.find((message) => message.id === String(id)));
    expect(errors?.[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|NOT_FOUND)$/);
  }
  expect(logged).toEqual([]);
  socket.close();
});

it('an invalid id is null at its index of nodes, and the others are found', async () => {
  const given = ['nonsense', ids.Message, '', Buffer.from('Message:a:%00').toString('base64url'), ids.Integration];
  const answer = await app.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: given });
  expect(answer).toMatchObject({ data: { nodes: [null, { id: ids.Message }, null, null, { id: ids.Integration }] } });
  expect(answer.errors).toBeUndefined();
  expect(refusals(await app.query('{ node(id: "nonsense") { id } }'))).toEqual([
    expect.stringMatching(/^BAD_USER_INPUT: "nonsense" /),
  ]);
});

it('an empty id is invalid, also where the id is optional', async () => {
  const MOVE = graphql(
    `mutation ($input: MoveMessagesInput!) { moveMessages(input: $input) { results { node { id } } userErrors { code field message } } }`,
  );
  const input = { ids: [ids.Message], to: ids.Mailbox, from: '' };
  const refused = {
    code: 'BAD_USER_INPUT',
    field: ['input', 'from'],
    message: expect.stringMatching(/^"" is not an id/),
  };
  expect((await app.data(MOVE, { input })).moveMessages).toEqual({ results: [], userErrors: [refused] });
  const list = await app.query('{ viewer { messages(filter: { not: { mailbox: "" } }) { nodes { id } } } }');
  expect(refusals(list)).toEqual([expect.stringMatching(/^BAD_USER_INPUT: "" is not an id/)]);
});

it('an invalid id that a mutation needs fails its field, without a payload', async () => {
  const SEND = 'mutation ($input: SendInput!) { send(input: $input) { userErrors { code } } }';
  const message = { integration: ids.Integration, draft: 'nonsense', to: [{ address: 'ada@example.org' }], text: 'Hi' };
  const revised = await app.query(SEND, { input: { idempotencyKey: 'no draft', message } });
  expect(refusals(revised)).toEqual([expect.stringMatching(/^BAD_USER_INPUT: "nonsense" is not an id/)]);
  const DISCONNECT = 'mutation ($input: IntegrationInput!) { disconnect(input: $input) { userErrors { code } } }';
  const disconnected = await app.query(DISCONNECT, { input: { integration: ids.Message } });
  expect(refusals(disconnected)).toEqual([expect.stringMatching(/^BAD_USER_INPUT: .* is the id of a Message/)]);
});
