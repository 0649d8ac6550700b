import type { MailboxRole } from '../../domain/mailbox.ts';
import type { Call } from '../call.ts';
import type {
  Cursor,
  Detail,
  DraftWrite,
  ListQuery,
  MailboxPatch,
  MailSession,
  PageRequest,
  Patch,
  Submitted,
} from '../provider.ts';
import type { Watcher } from '../watch.ts';
import { readAttachment, readRaw } from './attachment.ts';
import { changesSince } from './changes.ts';
import type { GmailClient } from './client.ts';
import { deleteForever } from './delete.ts';
import { deleteDraft, getDrafts } from './drafts.ts';
import { identities } from './identities.ts';
import { listMailboxes, mailboxCounts, roleLabelId } from './labels.ts';
import { listDrafts, listMessages } from './list.ts';
import { getMessages, getThreads } from './read.ts';
import { saveDraft } from './save-draft.ts';
import { deleteMailbox, saveMailbox } from './save-label.ts';
import { decides } from './search.ts';
import { probe, send } from './send.ts';
import { listThreads } from './thread-list.ts';
import { watcher } from './watch.ts';
import { update } from './write.ts';

/** One open Gmail account: each verb is a file. */
export class GmailSession implements MailSession {
  /** Absent without a Pub/Sub topic: the account is then polled. */
  readonly watch?: Watcher;

  constructor(
    private readonly client: GmailClient,
    pubsubTopic: string | null,
  ) {
    if (pubsubTopic !== null) this.watch = watcher(client, pubsubTopic);
  }

  listMailboxes = (call: Call) => listMailboxes(this.client, call);
  mailboxCounts = (ids: readonly string[], call: Call) => mailboxCounts(this.client, ids, call);
  roleMailboxId = (role: MailboxRole) => roleLabelId(role);
  decides = decides;
  identities = (call: Call) => identities(this.client, call);
  listMessages = (query: ListQuery, page: PageRequest, call: Call) => listMessages(this.client, query, page, call);
  listThreads = (query: ListQuery, page: PageRequest, call: Call) => listThreads(this.client, query, page, call);
  listDrafts = (page: PageRequest, call: Call) => listDrafts(this.client, page, call);
  getMessages = (ids: readonly string[], detail: Detail, call: Call) => getMessages(this.client, ids, detail, call);
  getThreads = (ids: readonly string[], call: Call) => getThreads(this.client, ids, call);
  readAttachment = (messageId: string, attachmentId: string, call: Call) =>
    readAttachment(this.client, messageId, attachmentId, call);
  readRaw = (messageId: string, call: Call) => readRaw(this.client, messageId, call);
  update = (patches: readonly Patch[], call: Call) => update(this.client, patches, call);
  deleteForever = (ids: readonly string[], call: Call) => deleteForever(this.client, ids, call);
  getDrafts = (ids: readonly string[], call: Call) => getDrafts(this.client, ids, call);
  saveDraft = (write: DraftWrite, call: Call) => saveDraft(this.client, write, call);
  deleteDraft = (id: string, ifVersion: string | null, call: Call) => deleteDraft(this.client, id, ifVersion, call);
  saveMailbox = (patch: MailboxPatch, call: Call) => saveMailbox(this.client, patch, call);
  deleteMailbox = (id: string, call: Call) => deleteMailbox(this.client, id, call);
  send = (draftId: string, call: Call) => send(this.client, draftId, call);
  probe = (submitted: Submitted, call: Call) => probe(this.client, submitted, call);
  sendSettlesMs = 5_000;
  changes = (since: Cursor | null, call: Call) => changesSince(this.client, since, call);
}
