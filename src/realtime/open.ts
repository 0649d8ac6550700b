import type { Accounts } from '../accounts/open.ts';
import type { Cache } from '../cache/open.ts';
import { CHANGES_TOPIC, type ChangesWake } from '../changes/change.topic.ts';
import type { Changes } from '../changes/open.ts';
import type { Mail } from '../mail/open.ts';
import type { Platform } from '../platform/open.ts';
import { ChangePages } from './change.pages.ts';
import { IntegrationChangesResolver, ViewerChangesResolver } from './changes.resolver.ts';
import { EventConnections } from './event.connections.ts';
import { ChangeCursors, SubmissionCursors } from './event.cursor.ts';
import { EventMessages } from './event.messages.ts';
import { FeedStarts } from './feed.start.ts';
import { MailEventsResolver } from './mail.events.resolver.ts';
import { MailEvents } from './mail.events.ts';
import { MessageEventsResolver } from './message.events.resolver.ts';
import { MessageEvents } from './message.events.ts';
import { ReconcileResolver } from './reconcile.resolver.ts';
import { SubmissionEventsResolver } from './submission.events.resolver.ts';
import { SubmissionEvents } from './submission.events.ts';
import { SyncHealthResolver } from './sync-health.resolver.ts';
import { ViewerSyncResolver } from './viewer-sync.resolver.ts';

/** Opens the room: subscriptions for clients. */
export function openRealtime(
  platform: Platform,
  accounts: Accounts,
  { health, hub, store, unread, proofs, reconcile }: Changes,
  { mailOf, submissionStore }: Mail,
  cache: Pick<Cache, 'applied' | 'noted'>,
) {
  const { bus, sealer, log } = platform;
  const { directory, handles, reachability } = accounts;
  const cursors = new ChangeCursors(sealer);
  const mailbox = (integrationId: string) => directory.mailbox(integrationId);
  const announce = (wake: ChangesWake) => bus.publish(CHANGES_TOPIC, wake);
  const messages = new EventMessages({ mailbox, reachability, log, directory });
  const starts = new FeedStarts({ handles, store, cursors, cache, announce });
  const reading = { hub, store, starts, handles, mailOf, messages, unread, cursors, directory };
  const events = new MessageEvents(reading);
  const submissionEvents = new SubmissionEvents({
    store: submissionStore,
    mailOf,
    cursors: new SubmissionCursors(sealer),
    bus,
  });
  const connections = new EventConnections({
    pages: new ChangePages({ store, starts }),
    handles,
    mailOf,
    unread,
    cursors,
    cache,
  });
  const resolvers = [
    new ViewerSyncResolver(starts, cursors),
    new ViewerChangesResolver(connections),
    new IntegrationChangesResolver(connections),
    new SyncHealthResolver(health, proofs, starts, cursors),
    new ReconcileResolver(directory, reconcile),
    new MailEventsResolver(new MailEvents({ ...reading, reachability })),
    new MessageEventsResolver(events),
    new SubmissionEventsResolver(submissionEvents),
  ];
  const close = () => messages.close();
  return { resolvers, close };
}
