import { randomUUID } from 'node:crypto';
import { refusesMail } from '../../mail/bounce.ts';
import type { Person } from '../../mail/mail.ts';
import { mailFromRaw } from '../../mail/received.ts';
import { withoutBcc } from '../resources/drafts.ts';
import { badRequest, GraphError } from '../wire/errors.ts';
import type { Account, AccountSending, Accounts } from './accounts.ts';
import { type Content, ReceivedContent } from './content.ts';
import { DraftContent } from './draft.ts';
import type { Item } from './item.ts';
import { Transport } from './transport.ts';

const MAX_RECIPIENTS = 500;

export type Deliver = (raw: Buffer, recipients: readonly string[]) => void;

/** Sends messages: it stores the sent copy and delivers the mail here and elsewhere. */
export class Outbox {
  readonly #accounts: Accounts;
  readonly #elsewhere: Deliver | undefined;
  readonly #transport = new Transport();

  constructor(accounts: Accounts, elsewhere: Deliver | undefined) {
    this.#accounts = accounts;
    this.#elsewhere = elsewhere;
  }

  close(): void {
    this.#transport.close();
  }

  /** Sends every waiting message at once. */
  flush(account: Account): void {
    this.#transport.flush(account);
  }

  /** Turns the draft into the sent message, at once or after a while. Throws Graph's errors, after which it stays a draft. */
  sendDraft(account: Account, item: Item): void {
    if (!item.isDraft) throw badRequest('Only a draft can be sent.', 'ErrorInvalidOperation');
    const { mailbox, sending } = account;
    const { raw, recipients } = this.#prepare(account, item.content);
    const go = () => {
      file(account, item, sending);
      this.#transmit(raw, recipients);
    };
    if (sending.lagSeconds === 0) {
      go();
      return;
    }
    mailbox.update(item, () => {
      item.isSubmitted = true;
    });
    if (sending.meanwhile === 'absent') mailbox.purge(item);
    // A draft that is sent twice goes out twice: nothing is known of Exchange that would prevent it.
    this.#transport.hold(account, sending.lagSeconds * 1000, go);
  }

  /** Sends a message that was never a draft. */
  send(account: Account, content: Content, keepCopy: boolean): void {
    const { mailbox } = account;
    const { raw, recipients } = this.#prepare(account, content);
    if (keepCopy) {
      const sent = mailbox.newItem(
        `sent:${randomUUID()}`,
        mailbox.folder('sentitems'),
        content,
        new Date(mailbox.time()),
      );
      sent.isRead = true;
      sent.isWrittenHere = true;
      mailbox.add(sent);
    }
    this.#transmit(raw, recipients);
  }

  #prepare(account: Account, content: Content): { raw: Buffer; recipients: readonly string[] } {
    const { from, sender, to, cc, bcc } = content.envelope;
    const recipients = [...new Set([...to, ...cc, ...bcc].map(({ address }) => address.toLowerCase()))];
    if (recipients.length === 0)
      throw badRequest(
        "At least one recipient isn't valid., A message can't be sent because it contains no recipients.",
        'ErrorInvalidRecipients',
      );
    const bad = recipients.find((address) => !/^(?:"(?:[^"\\]|\\.)+"|[^\s@<>"]+)@[^\s@<>"]+$/.test(address));
    if (bad !== undefined)
      throw badRequest(
        `At least one recipient isn't valid., Recipient '${bad}' isn't resolved. All recipients must be resolved before a message can be submitted.`,
        'ErrorInvalidRecipients',
      );
    if (recipients.length > MAX_RECIPIENTS)
      throw badRequest(
        'The message has more recipients than this mailbox may send to.',
        'ErrorExceededMaxRecipientLimit',
      );
    if (!isSelf(account, from) || !isSelf(account, sender))
      throw new GraphError(
        403,
        'ErrorSendAsDenied',
        'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account., Cannot submit message.',
      );
    if (sizeOf(content) > account.maxMessageBytes)
      throw new GraphError(413, 'ErrorMessageSizeExceeded', 'The message exceeds the maximum supported size.');
    const raw = content instanceof DraftContent ? content.rawWithoutBcc() : withoutBcc(content.raw());
    return { raw, recipients };
  }

  #transmit(raw: Buffer, recipients: readonly string[]): void {
    const elsewhere: string[] = [];
    for (const address of recipients) {
      const account = this.#accounts.find(address);
      if (account && !refusesMail(address)) receive(account, raw);
      else elsewhere.push(address);
    }
    if (elsewhere.length > 0) this.#elsewhere?.(raw, elsewhere);
  }
}

/** Stores the sent copy, which is the draft itself or another message in its place. */
function file(account: Account, item: Item, { ids }: AccountSending): void {
  const { mailbox } = account;
  const sentAt = new Date(mailbox.time());
  const sentItems = mailbox.folder('sentitems');
  const isDraftHere = mailbox.has(item) && item.isDraft;
  const { answers } = item;
  if (item.content instanceof DraftContent) item.content.date = sentAt;
  if (isDraftHere && ids === 'kept') {
    mailbox.update(item, () => {
      item.isDraft = item.isSubmitted = false;
      item.isRead = true;
      item.receivedAt = sentAt;
    });
    mailbox.move(item, sentItems);
  } else {
    if (isDraftHere) mailbox.purge(item);
    const key = ids === 'kept' ? item.key : `sent:${randomUUID()}`;
    const sent = mailbox.newItem(key, sentItems, item.content, sentAt);
    const { importance, flag, categories, isWrittenHere } = item;
    Object.assign(sent, { importance, flag, categories, isWrittenHere, answers, isRead: true });
    mailbox.add(sent);
  }
  if (answers)
    mailbox.update(answers.item, () => {
      answers.item.lastVerb = answers.verb;
    });
}

function receive(account: Account, raw: Buffer): void {
  const { mailbox } = account;
  const receivedAt = new Date(mailbox.time());
  const mail = mailFromRaw(raw, { key: `received:${randomUUID()}`, receivedAt });
  const item = mailbox.newItem(mail.key, mailbox.folder('inbox'), new ReceivedContent(mail), receivedAt);
  item.receivedBy = account.address;
  mailbox.add(item);
}

/** Returns the size that the mailbox counts: files without their transfer encoding. */
const sizeOf = (content: Content): number =>
  content.attachments().reduce((sum, { size }) => sum + size, Buffer.byteLength(content.body().content));

const isSelf = (account: Account, person: Person | null) =>
  person === null || person.address.toLowerCase() === account.address.toLowerCase();
