import 'reflect-metadata';
import { ConnectResolver } from './accounts/api/connect/connect.resolver.ts';
import { ConnectFlowResolver, ViewerConnectFlowsResolver } from './accounts/api/connect/connect-flow.resolver.ts';
import { ProviderResolver } from './accounts/api/connect/provider.resolver.ts';
import { IntegrationResolver } from './accounts/api/integration/integration.resolver.ts';
import { SessionResolver } from './accounts/api/viewer/session.resolver.ts';
import { ViewerResolver } from './accounts/api/viewer/viewer.resolver.ts';
import { NodeResolver } from './graphql/node.resolver.ts';
import { DraftResolver, IntegrationDraftsResolver } from './mail/api/draft/draft.resolver.ts';
import { DraftsResolver } from './mail/api/draft/drafts.resolver.ts';
import { IntegrationMailResolver } from './mail/api/list/integration-mail.resolver.ts';
import { ViewerMailResolver } from './mail/api/list/viewer-mail.resolver.ts';
import { MailboxResolver } from './mail/api/mailbox/mailbox.resolver.ts';
import { MailboxesResolver } from './mail/api/mailbox/mailboxes.resolver.ts';
import { MessageResolver } from './mail/api/message/message.resolver.ts';
import { OrganiseResolver } from './mail/api/organise/organise.resolver.ts';
import { SubmissionResolver } from './mail/api/submission/submission.resolver.ts';
import { ViewerSubmissionsResolver } from './mail/api/submission/viewer-submissions.resolver.ts';
import { ThreadResolver } from './mail/api/thread/thread.resolver.ts';
import { UnsubscribeResolver } from './mail/api/unsubscribe/unsubscribe.resolver.ts';
import { IntegrationChangesResolver, ViewerChangesResolver } from './realtime/changes.resolver.ts';
import { MailEventsResolver } from './realtime/mail.events.resolver.ts';
import { MessageEventsResolver } from './realtime/message.events.resolver.ts';
import { ReconcileResolver } from './realtime/reconcile.resolver.ts';
import { SubmissionEventsResolver } from './realtime/submission.events.resolver.ts';
import { SyncHealthResolver } from './realtime/sync-health.resolver.ts';
import { ViewerSyncResolver } from './realtime/viewer-sync.resolver.ts';

/** Every resolver class. The schema is made of them, and the rooms make one instance of each. */
export const RESOLVERS = [
  NodeResolver,
  SessionResolver,
  ViewerResolver,
  ProviderResolver,
  IntegrationResolver,
  ConnectResolver,
  ViewerConnectFlowsResolver,
  ConnectFlowResolver,
  ViewerMailResolver,
  IntegrationMailResolver,
  MailboxResolver,
  ThreadResolver,
  MessageResolver,
  DraftResolver,
  IntegrationDraftsResolver,
  DraftsResolver,
  SubmissionResolver,
  ViewerSubmissionsResolver,
  OrganiseResolver,
  MailboxesResolver,
  UnsubscribeResolver,
  SyncHealthResolver,
  ViewerSyncResolver,
  ViewerChangesResolver,
  IntegrationChangesResolver,
  MailEventsResolver,
  ReconcileResolver,
  MessageEventsResolver,
  SubmissionEventsResolver,
] as const;
