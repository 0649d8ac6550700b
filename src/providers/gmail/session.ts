import type { MailboxRole } from '../../domain/mailbox.ts';
import type { Call } from '../contract/call.ts';
import type { Cursor, Detail, ListQuery, PageRequest } from '../contract/list.ts';
import type { DraftWrite, MailboxPatch, MailSession, Patch, Submitted } from '../contract/mail-session.ts';
import type { Watcher } from '../contract/watch.ts';
import { changesSince } from './changes/changes.ts';
import { watcher } from './changes/watch.ts';
import { deleteDraft, getDrafts } from './compose/drafts.ts';
import { saveDraft } from './compose/save-draft.ts';
import { probe, send } from './compose/send.ts';
import { listDrafts, listMessages } from './list/messages.ts';
import { decides } from './list/search.ts';
import { listThreads } from './list/threads.ts';
import { readAttachment, readRaw } from './read/attachment.ts';
import { identities } from './read/identities.ts';
import { listMailboxes, mailboxCounts, roleLabelId } from './read/labels.ts';
import { getMessages, getThreads } from './read/read.ts';
import type { GmailClient } from './wire/client.ts';
import { deleteForever } from './write/delete.ts';
import { deleteMailbox, saveMailbox } from './write/save-mailbox.ts';
import { update } from './write/update.ts';

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
  /** Nothing is held open between two requests. */
  close = async () => {};
}
