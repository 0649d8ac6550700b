import 'reflect-metadata';
import { ConnectResolver } from './accounts/connect.resolver.ts';
import { ConnectFlowResolver, ViewerConnectFlowsResolver } from './accounts/connect-flow.resolver.ts';
import { IntegrationResolver } from './accounts/integration.resolver.ts';
import { ProviderResolver } from './accounts/provider.resolver.ts';
import { SessionResolver } from './accounts/session.resolver.ts';
import { ViewerResolver } from './accounts/viewer.resolver.ts';
import { NodeResolver } from './graphql/node.resolver.ts';
import { DraftResolver, IntegrationDraftsResolver } from './mail/draft/draft.resolver.ts';
import { DraftsResolver } from './mail/draft/drafts.resolver.ts';
import { IntegrationMailResolver } from './mail/integration-mail.resolver.ts';
import { MailboxResolver } from './mail/mailbox/mailbox.resolver.ts';
import { MailboxesResolver } from './mail/mailbox/mailboxes.resolver.ts';
import { MessageResolver } from './mail/message/message.resolver.ts';
import { OrganiseResolver } from './mail/organise/organise.resolver.ts';
import { SubmissionResolver } from './mail/submission/submission.resolver.ts';
import { ViewerSubmissionsResolver } from './mail/submission/viewer-submissions.resolver.ts';
import { ThreadResolver } from './mail/thread/thread.resolver.ts';
import { UnsubscribeResolver } from './mail/unsubscribe/unsubscribe.resolver.ts';
import { ViewerMailResolver } from './mail/viewer-mail.resolver.ts';
import { MessageEventsResolver } from './realtime/message.events.resolver.ts';
import { SubmissionEventsResolver } from './realtime/submission.events.resolver.ts';
import { SyncHealthResolver } from './realtime/sync-health.resolver.ts';

/** Everything that answers GraphQL: what the schema is made of. app.ts makes one instance of each. */
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
  MessageEventsResolver,
  SubmissionEventsResolver,
] as const;
