import { ApolloClient, type FieldMergeFunction, HttpLink, InMemoryCache, type Reference } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';

/** Of each page and each refresh, what the cache keeps of a list: ids, in order, each once. */
interface Nodes {
  readonly nodes: readonly (Reference | null)[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/**
 * A later page goes behind what is there, and the first page, read again, before it: mail that has arrived meanwhile moves
 * nothing, doubles nothing and skips nothing. A first page that knows none of the old mail replaces it: who knows what lies between.
 */
const mergePages: FieldMergeFunction<Nodes> = (existing, incoming, { args }) => {
  if (!existing) return incoming;
  const known = new Set(existing.nodes.map((node) => node?.__ref));
  if (args?.after) {
    return { ...incoming, nodes: [...existing.nodes, ...incoming.nodes.filter((node) => !known.has(node?.__ref))] };
  }
  if (!incoming.nodes.some((node) => known.has(node?.__ref))) return incoming;
  const first = new Set(incoming.nodes.map((node) => node?.__ref));
  const rest = existing.nodes.filter((node) => !first.has(node?.__ref));
  return { ...incoming, nodes: [...incoming.nodes, ...rest], pageInfo: existing.pageInfo };
};

export function createApolloClient(url: string, token: () => Promise<string>): ApolloClient {
  const authorize = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, authorization: `Bearer ${await token()}` },
  }));
  return new ApolloClient({
    link: authorize.concat(new HttpLink({ uri: `${url}/graphql` })),
    cache: new InMemoryCache({
      typePolicies: {
        Viewer: { fields: { messages: { keyArgs: ['filter', 'search', 'integrations'], merge: mergePages } } },
        // It has no id of its own: two queries that ask for different parts of it add to each other.
        MessageBody: { merge: true },
      },
    }),
  });
}
