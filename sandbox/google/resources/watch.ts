import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { World } from '../../world.ts';
import { invalidArgument, notFound } from '../errors.ts';
import { DEFAULT_TOPIC, type GoogleOptions } from '../options.ts';
import type { Push } from '../push.ts';
import { oneOf, text, texts } from '../wire/body.ts';
import { type Operation, READ_METADATA } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';

const LIFETIME_MS = 7 * 86_400_000;
const BEHAVIORS = ['include', 'exclude', 'INCLUDE', 'EXCLUDE'] as const;

/** users.watch and users.stop. */
export function watch(world: World, options: GoogleOptions, push: Push): readonly Operation[] {
  const topic = options.topic ?? DEFAULT_TOPIC;
  const project = topic.split('/')[1] ?? '';
  return [
    {
      name: 'watch',
      method: 'POST',
      path: '/watch',
      scopes: READ_METADATA,
      request: SHAPES.watchRequest,
      response: SHAPES.watchResponse,
      run({ account, body }): gmail_v1.Schema$WatchResponse {
        const topicName = text(body, 'topicName') ?? '';
        if (!topicName.startsWith(`projects/${project}/topics/`))
          throw invalidArgument(`Invalid topicName does not match projects/${project}/topics/*`);
        if (topicName !== topic)
          throw notFound(
            `Error sending test message to Cloud PubSub ${topicName} : Resource not found (resource=${topicName.split('/')[3]}).`,
          );
        const labelIds = texts(body, 'labelIds');
        const unknown = labelIds.find((label) => !account.mailbox.labels.get(label));
        if (unknown !== undefined) throw invalidArgument(`Invalid label: ${unknown}`);
        // Google's guide to push writes it in upper case and the discovery document in lower case. Both are accepted.
        const asked = oneOf(body, 'labelFilterBehavior', BEHAVIORS) ?? oneOf(body, 'labelFilterAction', BEHAVIORS);
        const behavior = asked?.toLowerCase() === 'exclude' ? 'exclude' : 'include';
        const expiration = world.now().getTime() + LIFETIME_MS;
        push.start(account, { labelIds, behavior, expiration });
        return { historyId: String(account.mailbox.history.current), expiration: String(expiration) };
      },
    },
    {
      name: 'stop',
      method: 'POST',
      path: '/stop',
      scopes: READ_METADATA,
      run: ({ account }) => push.stop(account.address),
    },
  ];
}
