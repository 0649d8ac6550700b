import { createClient } from 'graphql-ws';
import type { ArrivedSubscription } from '../generated/graphql.ts';

export interface LiveOptions {
  readonly url: string;
  readonly token: () => Promise<string>;
  /** The document Arrived, with the __typename fields that the cache needs. */
  readonly query: string;
  /** Called when mail may have arrived without an event here: before the first event, and when a message could not be read. */
  readonly onGap: () => void;
  readonly onMail: (message: NonNullable<ArrivedSubscription['messageReceived']['message']>) => void;
}

const RETRY_MS = 1_000;

/**
 * Reports new mail until the returned function is called. The gateway closes a socket when its access token expires, after 15 minutes.
 * Then this connects again with a new token and the last cursor, so that no mail is missed.
 */
export function listen({ url, token, query, onGap, onMail }: LiveOptions): () => void {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    // The client's own retries would subscribe with the first cursor again.
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
        // The gateway is unavailable or has closed the socket: the loop tries again. A cursor of another gateway or another
        // user, or one before a gap in the log, would be refused each time: forget it.
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

/** graphql-ws throws GraphQL errors as an array. */
const isRefused = (error: unknown): boolean =>
  Array.isArray(error) && error.some(({ extensions }) => ['BAD_USER_INPUT', 'CONFLICT'].includes(extensions?.code));
