import type { GraphiQLProps } from 'graphiql';
import { getOperationAST, type OperationDefinitionNode, parse } from 'graphql';
import { createClient, type FormattedExecutionResult as SubscriptionResult } from 'graphql-ws';
import type { Known } from './known.ts';
import { fillIn, missingIn, SUBMISSION } from './placeholder.ts';
import type { PageSession } from './session.ts';

/** The number of events of a subscription that are shown. */
const MAX_EVENTS = 20;

type Fetcher = GraphiQLProps['fetcher'];

/**
 * Creates the fetcher. Queries use fetch and subscriptions use graphql-ws on the same path; both send the token of the
 * session. Values from a response that a later operation needs are stored in `known`.
 */
export function createFetcher(session: PageSession, known: Known): Fetcher {
  const socket = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: async () => ({ authorization: `Bearer ${await session.accessToken()}` }),
    shouldRetry: () => true,
  });
  return async (params, options) => {
    const operation = operationOf(params.query, params.operationName);
    const operationName = operation?.name?.value ?? null;
    const variables = fillIn(params.variables, known.values) as Record<string, unknown> | undefined;
    const missing = operation ? missingIn(operation, variables) : {};
    // An operation with placeholders is not sent.
    if (Object.keys(missing).length > 0) return { notSent: 'Fill in these variables, then run it again.', missing };
    const request = { query: params.query, variables, operationName };
    if (operation?.operation === 'subscription') return newestFirst(socket.iterate(request));
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        authorization: `Bearer ${await session.accessToken()}`,
        // The headers tab takes precedence, so that another user can be tried.
        ...lowerCase(options?.headers),
      },
      body: JSON.stringify(request),
    });
    const answer = await response.json();
    const submission: unknown = answer?.data?.send?.submission?.id;
    if (typeof submission === 'string') known.values.set(SUBMISSION, submission);
    if (answer?.data?.finishConnect?.integration) await known.read();
    return answer;
  };
}

/** Yields the last events together, the newest first, because GraphiQL shows only the last result. */
async function* newestFirst(
  results: AsyncIterable<SubscriptionResult>,
): AsyncGenerator<{ extensions: Record<string, unknown> }> {
  let events: SubscriptionResult[] = [];
  for await (const result of results) {
    events = [result, ...events].slice(0, MAX_EVENTS);
    yield { extensions: { newestFirst: events } };
  }
}

const lowerCase = (headers: Record<string, unknown> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));

/**
 * Finds the operation. For a moment after a tab is opened, GraphiQL still names the operation of the previous tab.
 * Null: the gateway reports the error.
 */
function operationOf(query: string, name: string | null | undefined): OperationDefinitionNode | null | undefined {
  try {
    const document = parse(query);
    return getOperationAST(document, name) ?? getOperationAST(document);
  } catch {
    return null;
  }
}
