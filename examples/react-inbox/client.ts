import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { signIn } from '../session.ts';

/** Queries over HTTP, subscriptions over a WebSocket on the same path; pages of a list are joined in the cache. */
export function createApolloClient(url: string): ApolloClient {
  const token = signIn(url);
  const authorization = async () => ({ authorization: `Bearer ${await token()}` });
  const http = new SetContextLink(async () => ({ headers: await authorization() })).concat(
    new HttpLink({ uri: `${url}/graphql` }),
  );
  const socket = new GraphQLWsLink(
    createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: authorization,
      shouldRetry: () => true,
    }),
  );
  return new ApolloClient({
    link: ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, socket, http),
    cache: new InMemoryCache({
      typePolicies: { Viewer: { fields: { messages: relayStylePagination(['filter', 'search', 'integrations']) } } },
    }),
  });
}
