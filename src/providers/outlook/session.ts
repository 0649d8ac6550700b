import type { MailSession } from '../provider.ts';
import type { Account } from './account.ts';
import { changes } from './changes.ts';
import { deleteForever } from './delete.ts';
import { saveDraft } from './draft.save.ts';
import { deleteDraft, getDrafts, listDrafts } from './drafts.ts';
import { listMailboxes, roleMailboxId } from './folders.ts';
import { identities } from './identities.ts';
import { deleteMailbox, saveMailbox } from './mailbox.save.ts';
import { listMessages } from './messages.ts';
import { getMessages, readAttachment, readRaw } from './read.ts';
import { decides } from './search.ts';
import { probe, SEND_SETTLES_MS, send } from './sending.ts';
import { narrows } from './source.ts';
import { listThreads } from './thread-list.ts';
import { getThreads } from './threads.ts';
import { update } from './update.ts';
import { watcher } from './watch.ts';

export const openSession = (account: Account): MailSession => ({
  listMailboxes: (call) => listMailboxes(account, call),
  roleMailboxId,
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
  changes: (since, call, hints) => changes(account, since, call, hints),
  watch: watcher(account),
});
