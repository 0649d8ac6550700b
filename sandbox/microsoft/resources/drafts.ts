import { randomUUID } from 'node:crypto';
import { mailFromRaw } from '../../mail/received.ts';
import type { Account } from '../mailbox/accounts.ts';
import { type Content, ReceivedContent, type StoredAttachment } from '../mailbox/content.ts';
import { DraftContent } from '../mailbox/draft.ts';
import type { Folder, Item } from '../mailbox/item.ts';
import { badRequest } from '../wire/errors.ts';
import { type Call, isMimeBody, jsonBody } from '../wire/request.ts';
import { freshMessageId, type MessageInput, readMessage, writeContent, writeState } from './message.input.ts';

/** Creates a draft from the caller's JSON or MIME. Throws Graph's errors. */
export function draftFromBody(call: Call, folder: Folder): Item {
  if (isMimeBody(call)) return addDraft(call.account, folder, mimeContent(call), null);
  const input = readMessage(jsonBody(call));
  return addDraft(call.account, folder, jsonContent(call.account, input), input);
}

export function addDraft(
  account: Account,
  folder: Folder,
  content: Content,
  input: MessageInput | null,
  prepare?: (item: Item) => void,
): Item {
  const { mailbox } = account;
  const item = mailbox.newItem(`draft:${randomUUID()}`, folder, content, new Date(mailbox.time()));
  item.isDraft = true;
  item.isWrittenHere = true;
  item.isRead = true;
  if (input) writeState(item, input);
  prepare?.(item);
  return mailbox.add(item);
}

export function jsonContent(account: Account, input: MessageInput): DraftContent {
  const draft = blankDraft(account);
  writeContent(draft, input, new Date(account.mailbox.time()));
  return draft;
}

export function blankDraft(account: Account): DraftContent {
  const draft = new DraftContent(new Date(account.mailbox.time()), freshMessageId(account.address));
  draft.from = { name: account.name, address: account.address };
  draft.sender = draft.from;
  return draft;
}

/** Adds an attachment to a draft, whether the draft was made from JSON or from MIME. */
export function attach(
  call: Pick<Call, 'account'>,
  item: Item,
  given: Omit<StoredAttachment, 'number'>,
): StoredAttachment {
  const { mailbox, address } = call.account;
  const draft = DraftContent.from(item.content, new Date(mailbox.time()), freshMessageId(address));
  const added = draft.attach(given);
  mailbox.update(item, () => {
    item.content = draft;
  });
  return added;
}

/** Reads a body of MIME in base64. Adds the headers that Exchange would add. Throws BadRequest. */
export function mimeContent(call: Call): ReceivedContent {
  const text = call.body.toString('latin1').replace(/\s+/g, '');
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    throw badRequest('Invalid base64 string for MIME content.', 'ErrorMimeContentInvalidBase64String');
  const { account } = call;
  const now = new Date(account.mailbox.time());
  const given = Buffer.from(text, 'base64');
  const head = headerOf(given);
  const missing: string[] = [];
  if (!/^from:/im.test(head)) missing.push(`From: ${account.address}`);
  if (!/^date:/im.test(head)) missing.push(`Date: ${now.toUTCString().replace('GMT', '+0000')}`);
  if (!/^message-id:/im.test(head)) missing.push(`Message-ID: ${freshMessageId(account.address)}`);
  const raw = Buffer.concat([Buffer.from(missing.map((line) => `${line}\r\n`).join('')), given]);
  return new ReceivedContent(mailFromRaw(raw, { key: `mime:${randomUUID()}`, receivedAt: now }));
}

/** Returns the MIME as it leaves the server. */
export function withoutBcc(raw: Buffer): Buffer {
  const head = headerOf(raw);
  const kept = head.replace(/^bcc:.*(?:\r?\n[ \t].*)*\r?\n?/gim, '');
  return Buffer.concat([Buffer.from(kept, 'latin1'), raw.subarray(head.length)]);
}

function headerOf(raw: Buffer): string {
  const text = raw.subarray(0, 256 * 1024).toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  return end ? text.slice(0, end.index + (end[0].length >> 1)) : text;
}
