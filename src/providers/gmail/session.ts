import type { MailSession } from '../contract/mail-session.ts';
import { changeMark, changes } from './changes/changes.ts';
import { snapshot } from './changes/snapshot.ts';
import { watcher } from './changes/watch.ts';
import { deleteDraft, getDrafts } from './compose/drafts.ts';
import { saveDraft } from './compose/save-draft.ts';
import { probe, SEND_SETTLES_MS, send } from './compose/send.ts';
import { listDrafts } from './list/drafts.ts';
import { listMessages } from './list/messages.ts';
import { decides } from './list/search.ts';
import { listThreads } from './list/threads.ts';
import { readAttachment, readRaw } from './read/attachment.ts';
import { identities } from './read/identities.ts';
import { listMailboxes, mailboxCounts, roleMailboxId } from './read/mailboxes.ts';
import { getMessages } from './read/messages.ts';
import { getThreads } from './read/threads.ts';
import type { GmailClient } from './wire/client.ts';
import { deleteForever } from './write/delete.ts';
import { deleteMailbox, saveMailbox } from './write/save-mailbox.ts';
import { update } from './write/update.ts';

/** Opens one Gmail account. Each method is implemented in a file of its own. */
export const openSession = (client: GmailClient, pubsubTopic: string | null): MailSession => ({
  listMailboxes: (call) => listMailboxes(client, call),
  mailboxCounts: (ids, call) => mailboxCounts(client, ids, call),
  roleMailboxId,
  identities: (call) => identities(client, call),
  decides,
  listMessages: (query, page, call) => listMessages(client, query, page, call),
  listThreads: (query, page, call) => listThreads(client, query, page, call),
  listDrafts: (page, call) => listDrafts(client, page, call),
  getMessages: (ids, detail, call) => getMessages(client, ids, detail, call),
  getThreads: (ids, call) => getThreads(client, ids, call),
  readAttachment: (messageId, attachmentId, call) => readAttachment(client, messageId, attachmentId, call),
  readRaw: (messageId, call) => readRaw(client, messageId, call),
  update: (patches, call) => update(client, patches, call),
  deleteForever: (ids, call) => deleteForever(client, ids, call),
  getDrafts: (ids, call) => getDrafts(client, ids, call),
  saveDraft: (write, call) => saveDraft(client, write, call),
  deleteDraft: (id, ifVersion, call) => deleteDraft(client, id, ifVersion, call),
  saveMailbox: (patch, call) => saveMailbox(client, patch, call),
  deleteMailbox: (id, call) => deleteMailbox(client, id, call),
  send: (draftId, call) => send(client, draftId, call),
  probe: (submitted, call) => probe(client, submitted, call),
  sendSettlesMs: SEND_SETTLES_MS,
  changes: (since, call, hints) => changes(client, since, call, hints),
  changeMark: (call) => changeMark(client, call),
  snapshot: (after, call, limit) => snapshot(client, after, call, limit),
  /** Absent without a Pub/Sub topic: the account is then polled. */
  ...(pubsubTopic === null ? {} : { watch: watcher(client, pubsubTopic) }),
  /** Nothing is open between two requests. */
  close: async () => {},
});
