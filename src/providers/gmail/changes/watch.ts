import type { Call } from '../../contract/call.ts';
import type { Watcher, WatchState } from '../../contract/watch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';

/** A mailbox has one watch, which every start renews and a stop ends for all. It lives seven days and dies silently. */
export function watcher(client: GmailClient, topicName: string): Watcher {
  return {
    async start(_previous, { isSilent, lost }, call: Call): Promise<WatchState> {
      const watch = () =>
        client.request('watch', call, (users, options) =>
          users.watch({ userId: 'me', requestBody: { topicName } }, options),
        );
      const stopped = async () => {
        await lost();
        await stop(client, call);
      };
      if (isSilent) await stopped();
      const { expiration } = await watch().catch(async (error: unknown) => {
        // "Only one user push notification client allowed per developer": one of an earlier topic is in the way.
        if (!hasStatus(error, 400)) throw error;
        await stopped();
        return watch();
      });
      return { key: watchKey(client.account.address), expiresAt: new Date(Number(expiration)) };
    },
    async stop(_state, call: Call): Promise<void> {
      await stop(client, call);
    },
  };
}

const stop = (client: GmailClient, call: Call): Promise<unknown> =>
  client.request('stop', call, (users, options) => users.stop({ userId: 'me' }, options));

/** What a notification names. */
export const watchKey = (address: string): string => address.trim().toLowerCase();
