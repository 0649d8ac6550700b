import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { fetchExchange, Client as Urql } from '@urql/core';
import { type Cache, cacheExchange } from '@urql/exchange-graphcache';
import { buildSchema, isObjectType, parse } from 'graphql';
import type { GraphQLResponse } from 'relay-runtime';
import {
  type ConcreteRequest,
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  Network,
  type ReaderFragment,
  RecordSource,
  Store as RelayRecords,
} from 'relay-runtime';
import type { TestApp } from '../app/app.ts';

/** A GraphQL client with a normalised cache, set up as its own documentation says. */
export interface Store {
  /** Sends the query to the gateway and caches the answer. */
  load(name: string, variables: Variables): Promise<unknown>;
  mutate(name: string, variables: Variables): Promise<Payloads>;
  /** Reads the query from the cache alone. Null when a part of it is missing. */
  copy(name: string, variables: Variables): Promise<unknown>;
}
export type Variables = Record<string, unknown>;

/** The answer to a mutation: its payload, by the name of its field. */
type Payloads = Record<string, Payload>;

interface Payload {
  readonly draft?: unknown;
  readonly deleted?: string | null;
  readonly results?: readonly { readonly deleted?: string | null }[];
}

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const require = createRequire(import.meta.url);

/** Documents by the name of their operation, compiled by Relay's compiler, which refuses documents that its cache cannot store. */
export class Documents {
  private readonly directory = mkdtempSync(join(tmpdir(), 'postern-relay-'));

  constructor(readonly texts: Readonly<Record<string, string>>) {
    const artifactDirectory = join(this.directory, 'artifacts');
    mkdirSync(artifactDirectory);
    mkdirSync(join(this.directory, 'src'));
    const tagged = Object.values(texts).map((text) => `graphql\`${text}\`;`);
    writeFileSync(join(this.directory, 'src', 'documents.js'), tagged.join('\n'));
    const project = {
      src: './src',
      schema: './schema.graphql',
      language: 'javascript',
      artifactDirectory: './artifacts',
    };
    writeFileSync(join(this.directory, 'schema.graphql'), readFileSync('schema.graphql'));
    writeFileSync(join(this.directory, 'relay.config.json'), JSON.stringify({ ...project, eagerEsModules: false }));
    execFileSync(require('relay-compiler') as string, ['relay.config.json'], { cwd: this.directory, stdio: 'pipe' });
  }

  compiled(name: string): ConcreteRequest {
    return this.artifact(name) as ConcreteRequest;
  }

  fragment(name: string): ReaderFragment {
    return this.artifact(name) as ReaderFragment;
  }

  private artifact(name: string): unknown {
    return require(resolve(this.directory, 'artifacts', `${name}.graphql.js`));
  }

  /** Returns a document for the other clients, without Relay's directives, which no gateway knows. */
  text(name: string): string {
    const text = this.texts[name];
    if (text === undefined) throw new Error(`There is no document ${name}.`);
    return text.replaceAll(' @deleteRecord', '');
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const relayEnvironment = (app: TestApp): Environment =>
  new Environment({
    network: Network.create(({ text }, variables) => app.query(text ?? '', variables) as Promise<GraphQLResponse>),
    store: new RelayRecords(new RecordSource()),
  });

export function relay(app: TestApp, documents: Documents): Store {
  const environment = relayEnvironment(app);
  return {
    load: (name, variables) => fetchQuery(environment, documents.compiled(name), variables).toPromise(),
    mutate: (name, variables) =>
      new Promise((resolve, reject) => {
        commitMutation(environment, {
          mutation: documents.compiled(name),
          variables,
          onCompleted: (data, errors) =>
            errors?.length ? reject(new Error(JSON.stringify(errors))) : resolve(data as Payloads),
          onError: reject,
        });
      }),
    async copy(name, variables) {
      const operation = createOperationDescriptor(documents.compiled(name), variables);
      const { data, isMissingData } = environment.lookup(operation.fragment);
      return isMissingData ? null : data;
    },
  };
}

export function apollo(app: TestApp, documents: Documents): Store {
  const link = new HttpLink({ uri: `${app.url}/graphql`, headers: { authorization: `Bearer ${app.token}` } });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const of = (name: string) => parse(documents.text(name));
  const forget: Forget = (type, id) =>
    client.cache.evict({ id: client.cache.identify({ __typename: type, id }) ?? '' });
  return {
    load: async (name, variables) =>
      (await client.query({ query: of(name), variables, fetchPolicy: 'network-only' })).data,
    async mutate(name, variables) {
      const { data = {} } = await client.mutate<Payloads>({ mutation: of(name), variables });
      forgetDeleted(data, forget);
      return data;
    },
    copy: async (name, variables) => client.readQuery({ query: of(name), variables }),
  };
}

export function urql(app: TestApp, documents: Documents): Store {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__'));
  const embedded = types.filter((type) => isObjectType(type) && !type.getFields().id).map(({ name }) => name);
  const updates = Object.keys(schema.getMutationType()?.getFields() ?? {}).map((field) => [
    field,
    (data: Payloads, _args: unknown, cache: Cache) =>
      forgetDeleted({ [field]: data[field] ?? {} }, (type, id) => cache.invalidate({ __typename: type, id })),
  ]);
  const client = new Urql({
    url: `${app.url}/graphql`,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { authorization: `Bearer ${app.token}` } }),
    exchanges: [
      cacheExchange({
        keys: Object.fromEntries(embedded.map((name) => [name, () => null])),
        updates: { Mutation: Object.fromEntries(updates) },
      }),
      fetchExchange,
    ],
  });
  const of = (name: string) => parse(documents.text(name));
  const dataOf = <T>({ data, error }: { data?: T; error?: Error | undefined }) => {
    if (error) throw error;
    return data ?? null;
  };
  return {
    load: async (name, variables) => dataOf(await client.query(of(name), variables, { requestPolicy: 'network-only' })),
    mutate: async (name, variables) => dataOf(await client.mutation<Payloads>(of(name), variables)) ?? {},
    copy: async (name, variables) => dataOf(await client.query(of(name), variables, { requestPolicy: 'cache-only' })),
  };
}

type Forget = (type: string, id: string) => void;

/** Removes deleted objects from the cache. Relay does it by @deleteRecord; Apollo and urql need such code in the front end. */
function forgetDeleted(data: Payloads, forget: Forget): void {
  for (const [field, payload] of Object.entries(data)) {
    if (field === 'deleteDraft' && typeof payload.draft === 'string') forget('Draft', payload.draft);
    if (field === 'deleteMailbox' && payload.deleted) forget('Mailbox', payload.deleted);
    for (const { deleted } of payload.results ?? []) if (deleted) forget('Message', deleted);
  }
}
