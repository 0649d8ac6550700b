import type { Accounts } from '../accounts/open.ts';
import type { Cache } from '../cache/open.ts';
import type { Hub } from '../changes/hub.ts';
import type { NodeRegistry } from '../graphql/node.ts';
import type { Prunable } from '../platform/database/prune.job.ts';
import type { Platform } from '../platform/open.ts';
import { Outbound } from '../platform/outbound.ts';
import type { LaneOptions } from '../platform/queue/lanes.ts';
import type { Written } from './account/mail-account.ts';
import { PageMemory } from './account/page-memory.ts';
import { ViewerMails } from './account/viewer-mail.ts';
import { DraftResolver, IntegrationDraftsResolver } from './api/draft/draft.resolver.ts';
import { DraftsResolver } from './api/draft/drafts.resolver.ts';
import { IntegrationMailResolver } from './api/list/integration-mail.resolver.ts';
import { MailLists } from './api/list/mail-lists.ts';
import { ViewerMailResolver } from './api/list/viewer-mail.resolver.ts';
import { mailOfContexts } from './api/mail-of.ts';
import { MailboxResolver } from './api/mailbox/mailbox.resolver.ts';
import { MailboxesResolver } from './api/mailbox/mailboxes.resolver.ts';
import { MessageResolver } from './api/message/message.resolver.ts';
import { registerMailNodes } from './api/nodes.ts';
import { OrganiseResolver } from './api/organise/organise.resolver.ts';
import { SubmissionResolver } from './api/submission/submission.resolver.ts';
import { ViewerSubmissionsResolver } from './api/submission/viewer-submissions.resolver.ts';
import { ThreadResolver } from './api/thread/thread.resolver.ts';
import { UnsubscribeResolver } from './api/unsubscribe/unsubscribe.resolver.ts';
import { Composer } from './compose/composer.ts';
import { Drafts } from './compose/drafts.ts';
import { ListCursors } from './list/list-position.ts';
import { UnifiedList } from './list/unified-list.ts';
import { Downloads } from './message/download.ts';
import { MailboxChanges, type MailboxChangesOf } from './organise/mailbox-changes.ts';
import { changeMessages } from './organise/message-changes.ts';
import { Delivery } from './submission/delivery.ts';
import { Payloads } from './submission/payload.ts';
import { SubmissionFeed } from './submission/submission.feed.ts';
import { SubmissionJob } from './submission/submission.job.ts';
import { SubmissionStore } from './submission/submission.store.ts';
import { SubmissionList } from './submission/submission-list.ts';
import { SubmissionWriter } from './submission/submission-writer.ts';
import { Submissions } from './submission/submissions.ts';
import type { SendTimes } from './submission/verdict.ts';
import { Unsubscriber } from './unsubscribe/unsubscriber.ts';
import { UploadStore } from './upload/upload.store.ts';
import { Uploads } from './upload/uploads.ts';

interface MailOptions {
  readonly publicUrl: string;
  readonly sourceDeadlineMs: number;
  readonly scanBudget: number;
  readonly uploadMaxBytes: number;
  /** Absent: every read asks the provider. */
  readonly cache?: Cache | undefined;
  /** Finds the changes of followed accounts that nothing has announced. Absent: nobody looks. */
  readonly logs?: Pick<Hub, 'onUnannounced'> | undefined;
  /** The bytes of the pages that are kept because only part of them was shown. Absent: as where nothing is cached. */
  readonly pageBytes?: number | undefined;
  /** Called after each write to an account, so that its events follow soon. */
  readonly written?: Written | undefined;
  /** The number of accounts of one vendor that are sent for in parallel. */
  readonly lanes?: LaneOptions | undefined;
  /** The time limits of submissions, which tests shorten. */
  readonly times?: SendTimes | undefined;
}

export type Mail = ReturnType<typeof openMail>;

/** Opens the room: reading, organising, composing and sending. Nothing is sent before `start`. */
export function openMail(platform: Platform, accounts: Accounts, options: MailOptions) {
  const { db, bus, queue, sealer, log } = platform;
  const { directory, handles, reachability } = accounts;
  const { publicUrl, sourceDeadlineMs, scanBudget, uploadMaxBytes, cache, logs, pageBytes, written, lanes, times } =
    options;

  // Reading.
  const memory = new PageMemory({ maxBytes: pageBytes });
  memory.forgetOnChange(bus, directory, logs ?? null);
  const mails = new ViewerMails({ handles, deadlineMs: sourceDeadlineMs, memory, cache, written });
  const mailOf = mailOfContexts(mails);
  const unified = new UnifiedList({ cursors: new ListCursors(sealer), sourceDeadlineMs, scanBudget });
  const lists = new MailLists(unified, mailOf);
  const downloads = new Downloads({ sealer, handles, publicUrl });

  // Organising.
  const mailboxChangesOf: MailboxChangesOf = (account) => new MailboxChanges(account);

  // Sending.
  const uploadStore = new UploadStore(db);
  const uploads = new Uploads({ store: uploadStore, sealer, maxBytes: uploadMaxBytes });
  const composer = new Composer({ uploads });
  const store = new SubmissionStore(db);
  const payloads = new Payloads(sealer);
  const feed = new SubmissionFeed(bus);
  const requeue = (id: string, at: Date) => job.enqueue(id, at);
  const writer = new SubmissionWriter({ store, feed, requeue, log });
  const delivery = new Delivery({ writer, payloads, composer, accounts: mails, log, ...(times && { times }) });
  const job: SubmissionJob = new SubmissionJob({
    store,
    delivery,
    queue,
    feed,
    mailbox: (integrationId) => directory.mailbox(integrationId),
    reachability,
    log,
    ...(lanes && { lanes }),
  });
  const drafts = new Drafts({
    composer,
    deleted: (integrationId, draftId) => job.draftDeleted(integrationId, draftId),
  });
  const submissions = new Submissions({ store, payloads, composer, job, feed });
  const submissionList = new SubmissionList(store, sealer);
  const unsubscriber = new Unsubscriber({
    outbound: new Outbound(),
    send: (account, message, key) => submissions.sendFrom(account, message, key),
    log,
  });

  const prunables: readonly Prunable[] = [{ what: 'uploads', keptMs: 0, prune: (before) => uploadStore.prune(before) }];
  const resolvers = [
    new ViewerMailResolver(mailOf, lists),
    new IntegrationMailResolver(mailOf, lists),
    new MailboxResolver(lists),
    new ThreadResolver(),
    new MessageResolver(downloads),
    new DraftResolver(),
    new IntegrationDraftsResolver(mailOf, unified),
    new DraftsResolver(mailOf, drafts),
    new SubmissionResolver(mailOf, submissions),
    new ViewerSubmissionsResolver(mailOf, submissionList),
    new OrganiseResolver(mailOf, changeMessages),
    new MailboxesResolver(mailOf, mailboxChangesOf),
    new UnsubscribeResolver(mailOf, unsubscriber),
  ];
  return {
    mails,
    lists: unified,
    changeMessages,
    mailboxChangesOf,
    drafts,
    submissions,
    submissionList,
    unsubscriber,
    mailOf,
    submissionStore: store,
    downloads,
    uploads,
    hooks: job,
    prunables,
    resolvers,
    registerNodes: (nodes: NodeRegistry) => registerMailNodes(nodes, mailOf, store),
    start: () => job.start(),
    stop: () => job.stop(),
  };
}
