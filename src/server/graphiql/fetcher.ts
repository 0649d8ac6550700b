import type { GraphiQLProps } from 'graphiql';
import { getOperationAST, type OperationDefinitionNode, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import type { PageSession } from './session.ts';

type Fetcher = GraphiQLProps['fetcher'];

/** Queries go over fetch, subscriptions over graphql-ws on the same path; both carry the session's token. */
export function createFetcher(session: PageSession): Fetcher {
  const socket = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: async () => ({ authorization: `Bearer ${await session.accessToken()}` }),
    shouldRetry: () => true,
  });
  return async (given, options) => {
    const operation = operationOf(given.query, given.operationName);
    const operationName = operation?.name?.value ?? null;
    const request = { query: given.query, variables: given.variables, operationName };
    if (operation?.operation === 'subscription') return socket.iterate(request);
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        authorization: `Bearer ${await session.accessToken()}`,
        // The headers tab wins, so that another user can be tried.
        ...lowerCase(options?.headers),
      },
      body: JSON.stringify(request),
    });
    return response.json();
  };
}

const lowerCase = (headers: Record<string, unknown> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));

/** For a moment after a tab is opened GraphiQL still names the operation of the one before. Null: the gateway says why. */
function operationOf(query: string, name: string | null | undefined): OperationDefinitionNode | null | undefined {
  try {
    const document = parse(query);
    return getOperationAST(document, name) ?? getOperationAST(document);
  } catch {
    return null;
  }
}
