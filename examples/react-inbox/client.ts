import { ApolloClient, type FieldMergeFunction, HttpLink, InMemoryCache, type Reference } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';

/** Of each page and each refresh, what the cache keeps of a list: ids, in order, each once. */
interface Nodes {
  readonly nodes: readonly (Reference | null)[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/**
 * A later page, the first page read again, and a mail that has just come all find their places among what is there: nothing is
 * doubled or skipped. A first page whose oldest mail is not there replaces it: nobody knows what lies between the two.
 */
const mergePages: FieldMergeFunction<Nodes> = (existing, incoming, { args, readField }) => {
  if (!existing) return incoming;
  const known = new Set(existing.nodes.map((node) => node?.__ref));
  if (!args?.after && !known.has(incoming.nodes.at(-1)?.__ref)) return incoming;
  const told = new Set(incoming.nodes.map((node) => node?.__ref));
  const time = (node: Reference | null) => Date.parse(readField<string>('receivedAt', node ?? undefined) ?? '') || 0;
  const others = existing.nodes.filter((node) => !told.has(node?.__ref));
  // Those of one moment stay in the gateway's order, which their times do not tell: a later page comes behind what is there.
  const nodes = args?.after ? [...others, ...incoming.nodes] : [...incoming.nodes, ...others];
  nodes.sort((one, other) => time(other) - time(one));
  return { ...incoming, nodes, pageInfo: args?.after ? incoming.pageInfo : existing.pageInfo };
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
