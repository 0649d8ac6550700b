import { ApolloClient, type FieldMergeFunction, HttpLink, InMemoryCache, type Reference } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';

/** What the cache keeps of a list: references to its messages in order, each once. */
interface Nodes {
  readonly nodes: readonly (Reference | null)[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/**
 * Merges a later page, a refreshed first page or a new mail into the cached list, without repeating or skipping any. A first page
 * whose oldest mail is not cached replaces the list, because the mail between the two is not known.
 */
const mergePages: FieldMergeFunction<Nodes> = (existing, incoming, { args, readField }) => {
  if (!existing) return incoming;
  const known = new Set(existing.nodes.map((node) => node?.__ref));
  if (!args?.after && !known.has(incoming.nodes.at(-1)?.__ref)) return incoming;
  const incomingRefs = new Set(incoming.nodes.map((node) => node?.__ref));
  const time = (node: Reference | null) => Date.parse(readField<string>('receivedAt', node ?? undefined) ?? '') || 0;
  const others = existing.nodes.filter((node) => !incomingRefs.has(node?.__ref));
  // Mails of the same time keep the gateway's order (the sort is stable): a later page comes after what is cached.
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
        // It has no id: fields that different queries read are merged.
        MessageBody: { merge: true },
      },
    }),
  });
}
