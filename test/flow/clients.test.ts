import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { cacheExchange, fetchExchange, subscriptionExchange, Client as Urql } from '@urql/core';
import { OperationTypeNode, print } from 'graphql';
import { GraphQLClient } from 'graphql-request';
import { createClient, type Sink, type Client as WsClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

/** Each client is set up as its own documentation says, with typed documents. */

const Newest = graphql(`
  query ClientsNewest($first: Int!) {
    viewer { email messages(first: $first) { nodes { id isStarred } } }
  }
`);
const Star = graphql(`
  mutation ClientsStar($ids: [ID!]!, $isStarred: Boolean!) {
    updateMessages(input: { ids: $ids, isStarred: $isStarred }) {
      results { node { ... on Message { id isStarred } } problem { code } }
      userErrors { message }
    }
  }
`);
const Live = graphql(`
  subscription ClientsLive {
    messageReceived { message { subject } }
  }
`);

interface Client {
  query<T, V extends Record<string, unknown>>(document: TypedDocumentNode<T, V>, variables: V): Promise<T | undefined>;
  mutate<T, V extends Record<string, unknown>>(document: TypedDocumentNode<T, V>, variables: V): Promise<T | undefined>;
  /**
   * Calls back with each event until the returned function is called. Missing where the client has no subscriptions.
   */
  subscribe?<T>(document: TypedDocumentNode<T, Record<string, never>>, onData: (data: T) => void): () => void;
}

let app: TestApp;
let socket: WsClient;
beforeAll(async () => {
  app = await startApp();
  socket = createClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: `Bearer ${app.token}` }),
  });
});
afterAll(async () => {
  await socket.dispose();
  await app.close();
});

const CLIENTS: Record<string, () => Client> = {
  'Apollo Client'() {
    const authorize = new SetContextLink(({ headers }) => ({
      headers: { ...headers, authorization: `Bearer ${app.token}` },
    }));
    const http = authorize.concat(new HttpLink({ uri: `${app.url}/graphql` }));
    const isSubscription = (o: ApolloLink.Operation) => o.operationType === OperationTypeNode.SUBSCRIPTION;
    const client = new ApolloClient({
      link: ApolloLink.split(isSubscription, new GraphQLWsLink(socket), http),
      cache: new InMemoryCache(),
    });
    return {
      query: async (query, variables) => (await client.query({ query, variables })).data,
      mutate: async (mutation, variables) => (await client.mutate({ mutation, variables })).data ?? undefined,
      subscribe(query, onData) {
        const running = client.subscribe({ query }).subscribe(({ data }) => data && onData(data));
        return () => running.unsubscribe();
      },
    };
  },

  urql() {
    const client = new Urql({
      url: `${app.url}/graphql`,
      preferGetMethod: false,
      fetchOptions: () => ({ headers: { authorization: `Bearer ${app.token}` } }),
      exchanges: [
        cacheExchange,
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: (request) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink as Sink),
            }),
          }),
        }),
      ],
    });
    return {
      query: async (document, variables) => (await client.query(document, variables)).data,
      mutate: async (document, variables) => (await client.mutation(document, variables)).data,
      subscribe(document, onData) {
        const running = client.subscription(document, {}).subscribe(({ data }) => data && onData(data));
        return () => running.unsubscribe();
      },
    };
  },

  'graphql-request'() {
    const client = new GraphQLClient(`${app.url}/graphql`, { headers: { authorization: `Bearer ${app.token}` } });
    const request: Client['query'] = <T>(document: TypedDocumentNode<T>, variables: object) =>
      client.request<T>(document, variables);
    return { query: request, mutate: request };
  },

  'the graphql-ws client'() {
    const once: Client['query'] = async <T>(document: TypedDocumentNode<T>, variables: Record<string, unknown>) => {
      for await (const { data } of socket.iterate<T>({ query: print(document), variables })) return data ?? undefined;
      return undefined;
    };
    return {
      query: once,
      mutate: once,
      subscribe: <T>(document: TypedDocumentNode<T>, onData: (data: T) => void) =>
        socket.subscribe<T>(
          { query: print(document) },
          {
            next: ({ data }) => data && onData(data),
            error: (error) => {
              throw error;
            },
            complete: () => {},
          },
        ),
    };
  },

  'plain fetch'() {
    const post: Client['query'] = async (document, variables) => {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${app.token}` },
        body: JSON.stringify({ query: print(document), variables }),
      });
      return ((await response.json()) as { data: never }).data;
    };
    return { query: post, mutate: post };
  },
};

describe.each(Object.entries(CLIENTS))('%s', (_name, create) => {
  it('queries', async () => {
    const data = await create().query(Newest, { first: 3 });
    expect(data?.viewer.email).toBe('demo@postern.test');
    expect(data?.viewer.messages.nodes).toHaveLength(3);
  });

  it('mutates', async () => {
    const client = create();
    const data = await client.query(Newest, { first: 2 });
    const ids = (data?.viewer.messages.nodes ?? []).flatMap((node) => (node ? [node.id] : []));
    const starred = await client.mutate(Star, { ids, isStarred: true });
    expect(starred?.updateMessages.userErrors).toEqual([]);
    expect(starred?.updateMessages.results).toMatchObject(ids.map((id) => ({ node: { id, isStarred: true } })));
    await client.mutate(Star, { ids, isStarred: false });
  });
});

it.each(['Apollo Client', 'urql', 'the graphql-ws client'])('%s subscribes', async (name) => {
  const received: (string | undefined)[] = [];
  const stop = CLIENTS[name]?.().subscribe?.(Live, ({ messageReceived }) =>
    received.push(messageReceived.message?.subject),
  );
  // Nothing announces that the subscription has started, so mail is delivered until some is received.
  const deliver = async () => {
    await app.control('/deliver', { vendor: 'google', from: 'a@example.org', subject: `for ${name}`, text: 'x' });
    return received;
  };
  await expect.poll(deliver, { interval: 200 }).toContain(`for ${name}`);
  stop?.();
});

it('serves a query by GET, and refuses a mutation there', async () => {
  const get = (query: string, variables: object) => {
    const url = `${app.url}/graphql?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
    return fetch(url, {
      headers: { accept: 'application/graphql-response+json', authorization: `Bearer ${app.token}` },
    });
  };
  const answer = await get(print(Newest), { first: 1 });
  expect(answer.headers.get('content-type')).toContain('application/graphql-response+json');
  expect(await answer.json()).toMatchObject({ data: { viewer: { email: 'demo@postern.test' } } });
  expect((await get(print(Star), { ids: [], isStarred: true })).status).toBe(405);
});
