import { randomUUID } from 'node:crypto';
import { refusesMail } from '../mail/bounce.ts';
import type { Person } from '../mail/mail.ts';
import { mailFromRaw } from '../mail/received.ts';
import type { Account, Accounts } from './accounts.ts';
import { type Content, ReceivedContent } from './content.ts';
import { DraftContent } from './draft.ts';
import { withoutBcc } from './drafts.ts';
import { badRequest, GraphError } from './errors.ts';
import type { Item } from './item.ts';

const MAX_RECIPIENTS = 500;

export type Deliver = (raw: Buffer, recipients: readonly string[]) => void;

/** Submission: keeps the sent copy and hands the mail on, here and elsewhere. */
export class Outbox {
  readonly #accounts: Accounts;
  readonly #elsewhere: Deliver | undefined;

  constructor(accounts: Accounts, elsewhere: Deliver | undefined) {
    this.#accounts = accounts;
    this.#elsewhere = elsewhere;
  }

  /** The draft becomes the sent message: the same immutable id. Throws Graph's refusals, and then it stays a draft. */
  sendDraft(account: Account, item: Item): void {
    if (!item.isDraft) throw badRequest('Only a draft can be sent.', 'ErrorInvalidOperation');
    const { mailbox } = account;
    const { raw, recipients } = this.#prepare(account, item.content);
    mailbox.update(item, () => {
      item.isDraft = false;
      item.isRead = true;
      item.receivedAt = new Date(mailbox.time());
      if (item.content instanceof DraftContent) item.content.date = item.receivedAt;
    });
    mailbox.move(item, mailbox.folder('sentitems'));
    const { answers } = item;
    if (answers)
      mailbox.update(answers.item, () => {
        answers.item.lastVerb = answers.verb;
      });
    this.#transmit(raw, recipients);
  }

  /** Sends what was never a draft. */
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
    const bad = recipients.find((address) => !/^[^\s@<>"]+@[^\s@<>"]+$/.test(address));
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

function receive(account: Account, raw: Buffer): void {
  const { mailbox } = account;
  const receivedAt = new Date(mailbox.time());
  const mail = mailFromRaw(raw, { key: `received:${randomUUID()}`, receivedAt });
  mailbox.add(mailbox.newItem(mail.key, mailbox.folder('inbox'), new ReceivedContent(mail), receivedAt));
}

/** As the mailbox keeps it: files without their transfer encoding. */
const sizeOf = (content: Content): number =>
  content.attachments().reduce((sum, { size }) => sum + size, Buffer.byteLength(content.body().content));

const isSelf = (account: Account, person: Person | null) =>
  person === null || person.address.toLowerCase() === account.address.toLowerCase();
