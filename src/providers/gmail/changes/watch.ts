import type { Call } from '../../contract/call.ts';
import type { Watcher, WatchState } from '../../contract/watch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';

/** Gmail has one watch per mailbox. Each start renews it, and a stop ends it for all clients. It expires silently after seven days. */
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
        // "Only one user push notification client allowed per developer": a watch with an earlier topic must be stopped first.
        if (!hasStatus(error, 400)) throw error;
        await stopped();
        return watch();
      });
      return { key: watchKey(client.options.address), expiresAt: new Date(Number(expiration)) };
    },
    async stop(_state, call: Call): Promise<void> {
      await stop(client, call);
    },
  };
}

const stop = (client: GmailClient, call: Call): Promise<unknown> =>
  client.request('stop', call, (users, options) => users.stop({ userId: 'me' }, options));

/** The key of a watch. Notifications contain the address. */
export const watchKey = (address: string): string => address.trim().toLowerCase();
