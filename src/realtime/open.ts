import type { Accounts } from '../accounts/open.ts';
import type { Changes } from '../changes/open.ts';
import type { Mail } from '../mail/open.ts';
import type { Platform } from '../platform/open.ts';
import { ChangeCursors, SubmissionCursors } from './event.cursor.ts';
import { EventMessages } from './event.messages.ts';
import { Hub } from './hub.ts';
import { MessageEventsResolver } from './message.events.resolver.ts';
import { MessageEvents } from './message.events.ts';
import { SubmissionEventsResolver } from './submission.events.resolver.ts';
import { SubmissionEvents } from './submission.events.ts';
import { SyncHealthResolver } from './sync-health.resolver.ts';

interface RealtimeOptions {
  /** How long after the last synchronisation an account counts as behind, in milliseconds. */
  readonly behindMs?: number | undefined;
}

/** Opens the room: subscriptions for clients. */
export function openRealtime(
  platform: Platform,
  accounts: Accounts,
  { changes, watches }: Changes,
  { mailOf, submissionStore }: Mail,
  options: RealtimeOptions,
) {
  const { bus, sealer, log } = platform;
  const { directory, handles, reachability } = accounts;
  const hub = new Hub(changes, bus);
  const cursors = new ChangeCursors(sealer);
  const mailbox = (integrationId: string) => directory.mailbox(integrationId);
  const messages = new EventMessages({ mailbox, reachability, log });
  const events = new MessageEvents({ hub, handles, mailOf, messages, cursors, bus });
  const submissionEvents = new SubmissionEvents({
    store: submissionStore,
    mailOf,
    cursors: new SubmissionCursors(sealer),
    bus,
  });
  const resolvers = [
    new SyncHealthResolver(changes, watches, cursors, options.behindMs),
    new MessageEventsResolver(events),
    new SubmissionEventsResolver(submissionEvents),
  ];
  const close = () => {
    hub.close();
    messages.close();
  };
  return { resolvers, close };
}
