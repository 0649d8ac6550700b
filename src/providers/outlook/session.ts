import type { MailSession } from '../contract/mail-session.ts';
import { changes } from './changes/changes.ts';
import { snapshot } from './changes/snapshot.ts';
import { watcher } from './changes/watch.ts';
import { deleteDraft, getDrafts } from './compose/drafts.ts';
import { saveDraft } from './compose/save-draft.ts';
import { probe, SEND_SETTLES_MS, send } from './compose/send.ts';
import { listDrafts } from './list/drafts.ts';
import { narrows } from './list/list-plan.ts';
import { listMessages } from './list/messages.ts';
import { decides } from './list/search.ts';
import { listThreads } from './list/threads.ts';
import { readAttachment, readRaw } from './read/attachment.ts';
import { identities } from './read/identities.ts';
import { listMailboxes, roleMailboxId, unlistedMailbox } from './read/mailboxes.ts';
import { getMessages } from './read/messages.ts';
import { getThreads } from './read/threads.ts';
import type { GraphAccount } from './wire/account.ts';
import { readsSettleMs } from './wire/replica-lag.ts';
import { deleteForever } from './write/delete.ts';
import { deleteMailbox, saveMailbox } from './write/save-mailbox.ts';
import { update } from './write/update.ts';

export const openSession = (account: GraphAccount): MailSession => ({
  listMailboxes: (call) => listMailboxes(account, call),
  roleMailboxId,
  unlistedMailbox,
  identities: (call) => identities(account, call),
  decides,
  narrows,
  listMessages: (query, page, call) => listMessages(account, query, page, call),
  listThreads: (query, page, call) => listThreads(account, query, page, call),
  listDrafts: (page, call) => listDrafts(account, page, call),
  getMessages: (ids, detail, call) => getMessages(account, ids, detail, call),
  getThreads: (ids, call) => getThreads(account, ids, call),
  readAttachment: (messageId, attachmentId, call) => readAttachment(account, messageId, attachmentId, call),
  readRaw: (messageId, call) => readRaw(account, messageId, call),
  update: (patches, call) => update(account, patches, call),
  deleteForever: (ids, call) => deleteForever(account, ids, call),
  getDrafts: (ids, call) => getDrafts(account, ids, call),
  saveDraft: (write, call) => saveDraft(account, write, call),
  deleteDraft: (id, ifVersion, call) => deleteDraft(account, id, ifVersion, call),
  saveMailbox: async (patch, call) => saveMailbox(account, patch, call),
  deleteMailbox: (id, call) => deleteMailbox(account, id, call),
  send: (draftId, call) => send(account, draftId, call),
  probe: (submitted, call) => probe(account, submitted, call),
  sendSettlesMs: SEND_SETTLES_MS,
  readsSettleMs: readsSettleMs(account),
  changes: (since, call, hints) => changes(account, since, call, hints),
  snapshot: (after, call, limit) => snapshot(account, after, call, limit),
  watch: watcher(account),
  /** A session holds no connection between two requests. */
  close: async () => {},
});
