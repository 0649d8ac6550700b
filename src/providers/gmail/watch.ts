import type { Call } from '../call.ts';
import type { Watcher, WatchState } from '../watch.ts';
import type { GmailClient } from './client.ts';

/** A mailbox has one watch, which every start renews and a stop ends for all. It lives seven days and dies silently. */
export function watcher(client: GmailClient, topicName: string): Watcher {
  return {
    async start(_previous, _options, call: Call): Promise<WatchState> {
      const { expiration } = await client.request('watch', call, (users, options) =>
        users.watch({ userId: 'me', requestBody: { topicName } }, options),
      );
      return { key: watchKey(client.grant.address), expiresAt: new Date(Number(expiration)) };
    },
    async stop(_state, call: Call): Promise<void> {
      await client.request('stop', call, (users, options) => users.stop({ userId: 'me' }, options));
    },
  };
}

/** What a notification names. */
export const watchKey = (address: string): string => address.trim().toLowerCase();
