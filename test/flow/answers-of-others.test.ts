import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { TestApp } from '../support/app/app.ts';
import { startInstances } from '../support/app/instances.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

/**
 * Kept answers and entity tags of two users with the same mailbox, who ask the same in every way, on every instance. There are
 * two instances on PostgreSQL, and one on the embedded database, which one process alone can open.
 */
let app: TestApp;
let instances: readonly string[];
let close: () => Promise<void>;
beforeAll(async () => {
  const started = await startInstances({
    demo: false,
    messages: 0,
    env: { HTTP_REVALIDATION: 'on', CACHE_BYTES: '67108864', KEPT_ANSWERS: 'on' },
    providerTimes: { lagWaitsMs: [], indexSettleMs: 0 },
  });
  ({ app, urls: instances, close } = started);
});
afterAll(() => close());

const ADDRESS = 'shared@gmail.example';
const MINE = 'email integrations { id status access }';
const PAGE = 'messages(first: $n) { nodes { id integration { id } } }';
const DOCUMENTS = {
  one: `query One($n: Int! = 3) { viewer { ${MINE} ${PAGE} } }`,
  other: `query Other($n: Int! = 3) { viewer { ${PAGE} ${MINE} } }`,
  aliased: `query One($n: Int! = 3) { me: viewer { ${MINE} ${PAGE} } }`,
  both: `query One($n: Int! = 3) { viewer { ${MINE} ${PAGE} } } query Other($n: Int! = 3) { me: viewer { ${MINE} ${PAGE} } }`,
} as const;
const PASSWORD = 'a good long password';

interface User {
  readonly name: string;
  readonly email: string;
  token: string;
  integration: string;
}
interface Viewer {
  readonly email: string;
  readonly integrations: readonly { readonly id: string }[];
  readonly messages: { readonly nodes: readonly { readonly integration: { readonly id: string } }[] };
}
interface Reply {
  readonly status: number;
  readonly tag: string | null;
  readonly text: string;
}

async function connected(name: string): Promise<User> {
  const { email, token } = await app.user(name);
  return { name, email, token, integration: await app.connect(token, 'GMAIL', ADDRESS) };
}
const disconnect = ({ token, integration }: User) =>
  app.data(
    graphql('mutation ($input: IntegrationInput!) { disconnect(input: $input) { userErrors { message } } }'),
    { input: { integration } },
    token,
  );
async function signInAgain(user: User): Promise<void> {
  await app.data(graphql('mutation { signOut { userErrors { message } } }'), {}, user.token);
  const { signIn } = await app.data(
    graphql('mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }'),
    { input: { email: user.email, password: PASSWORD } },
    null,
  );
  user.token = signIn.session.accessToken;
}

const STEPS = Number(process.env.ANSWER_STEPS ?? 150);
it(`nobody is given an answer of another user, or one to another question, in ${STEPS} random requests`, async () => {
  const chance = new Chance(seedOf());
  const users = [await connected('ada'), await connected('bob')];
  for (let n = 0; n < 4; n++)
    await app.control('/deliver', {
      vendor: 'google',
      account: ADDRESS,
      from: 'a@example.org',
      subject: `${n}`,
      text: 'x',
    });
  const ended: string[] = [];
  /** Every tag that was given, with what it was given for. */
  const tags = new Map<string, string>();
  const done: string[] = [];
  let unchanged = 0;

  async function ask(token: string, url: string, given: object, isGet: boolean, tag: string | null): Promise<Reply> {
    const parameters = Object.entries(given).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    const response = await fetch(`${url}/graphql${isGet ? `?${new URLSearchParams(parameters)}` : ''}`, {
      method: isGet ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(tag !== null && { 'if-none-match': tag }),
      },
      ...(isGet ? {} : { body: JSON.stringify(given) }),
    });
    return { status: response.status, tag: response.headers.get('etag'), text: await response.text() };
  }

  async function askAtRandom(): Promise<void> {
    const user = chance.one(users);
    const [document, query] = chance.one(Object.entries(DOCUMENTS));
    const operationName = document === 'both' ? chance.one(['One', 'Other']) : null;
    const n = chance.one([1, 3]);
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    const isHashed = chance.is(0.3);
    const rest = { variables: { n }, ...(operationName && { operationName }) };
    const given = isHashed ? { ...rest, extensions } : { ...rest, query };
    const url = chance.one(instances);
    const isGet = chance.is(0.7);
    const tag = chance.is(0.7) && tags.size > 0 ? [...tags.keys()].slice(-12).join(', ') : null;
    const isOver = ended.length > 0 && chance.is(0.1);
    const question = JSON.stringify([user.name, document, operationName, n]);
    const what = `SEED=${chance.seed}, ${done.join(', ')}: ${question}`;
    if (isOver) {
      const token = chance.one(ended);
      // A session that ended on one instance ends on the others when they are told.
      await expect
        .poll(async () => (await ask(token, url, given, isGet, tag)).text, { message: what })
        .toContain('UNAUTHENTICATED');
      return;
    }
    let reply = await ask(user.token, url, given, isGet, tag);
    if (reply.text.includes('PERSISTED_QUERY_NOT_FOUND'))
      reply = await ask(user.token, url, { ...given, query }, isGet, tag);
    if (reply.status === 304) {
      unchanged++;
      expect(tags.get(reply.tag ?? ''), what).toBe(question);
      return;
    }
    expect(reply.status, what).toBe(200);
    const { data } = JSON.parse(reply.text) as { data: { viewer?: Viewer; me?: Viewer } };
    const isAliased = document === 'aliased' || operationName === 'Other';
    expect(Object.keys(data), what).toEqual([isAliased ? 'me' : 'viewer']);
    const { email, integrations, messages } = (data.me ?? data.viewer) as Viewer;
    expect(email, what).toBe(user.email);
    expect(
      integrations.map(({ id }) => id),
      what,
    ).toEqual(user.integration === '' ? [] : [user.integration]);
    expect(
      messages.nodes.every(({ integration }) => integration.id === user.integration),
      what,
    ).toBe(true);
    expect(messages.nodes.length, what).toBe(user.integration === '' ? 0 : n);
    if (reply.tag === null) return;
    expect(tags.get(reply.tag) ?? question, what).toBe(question);
    tags.set(reply.tag, question);
  }
  const changes: Readonly<Record<string, (user: User) => Promise<unknown>>> = {
    async disconnects(user) {
      if (user.integration !== '') await disconnect(user);
      user.integration = '';
    },
    async connects(user) {
      user.integration = await app.connect(user.token, 'GMAIL', ADDRESS, chance.one(['READ', 'FULL']));
    },
    async signsOut(user) {
      ended.push(user.token);
      await signInAgain(user);
    },
    delivers: () =>
      app.control('/deliver', { vendor: 'google', account: ADDRESS, from: 'a@example.org', subject: 'New', text: 'x' }),
  };
  for (let step = 0; step < STEPS; step++) {
    if (chance.is(0.04)) {
      const [user, change] = [chance.one(users), chance.one(Object.keys(changes))];
      done.push(`${user.name} ${change}`);
      await changes[change]?.(user);
      // The other instance is told of it.
      for (const url of instances)
        for (const { token, integration } of users)
          await expect
            .poll(
              async () => (await ask(token, url, { query: '{ viewer { integrations { id } } }' }, false, null)).text,
            )
            .toBe(
              JSON.stringify({ data: { viewer: { integrations: integration === '' ? [] : [{ id: integration }] } } }) +
                '\n',
            );
    }
    await askAtRandom();
  }
  expect(unchanged).toBeGreaterThan(0);
});
