import { createClient } from 'graphql-ws';
import type { ArrivedSubscription } from '../generated/graphql.ts';

export interface LiveOptions {
  readonly url: string;
  readonly token: () => Promise<string>;
  /** The document Arrived, as the cache wants its answers. */
  readonly query: string;
  /** Called when mail may have come of which no event tells: before the first of them, and where one could not be read. */
  readonly onGap: () => void;
  readonly onMail: (message: NonNullable<ArrivedSubscription['messageReceived']['message']>) => void;
}

const RETRY_MS = 1_000;

/**
 * Tells of new mail until the function that it returns is called. The gateway closes a socket when its token runs out, after 15
 * minutes: this comes back with a new token and the last cursor, so that nothing is missed and nothing told twice.
 */
export function listen({ url, token, query, onGap, onMail }: LiveOptions): () => void {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    // Its own retries would subscribe again with the cursor that the first one had.
    retryAttempts: 0,
    on: { connected: () => after ?? onGap() },
  });
  let after: string | null = null;
  let isOver = false;
  const follow = async () => {
    while (!isOver) {
      try {
        const events = client.iterate<ArrivedSubscription>({ query, variables: { after } });
        for await (const { data } of events) {
          if (!data) continue;
          after = data.messageReceived.cursor;
          if (data.messageReceived.message) onMail(data.messageReceived.message);
          else onGap();
        }
      } catch (error) {
        // The gateway is away, or has closed the socket: the next round says which. Or it refuses the cursor, of another
        // gateway or another user, and would do so each time.
        if (isRefused(error)) after = null;
      }
      if (!isOver) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };
  void follow();
  return () => {
    isOver = true;
    void client.dispose();
  };
}

/** GraphQL errors are handed over as they came, in a list. */
const isRefused = (error: unknown): boolean =>
  Array.isArray(error) && error.some(({ extensions }) => extensions?.code === 'BAD_USER_INPUT');
