import { randomUUID } from 'node:crypto';
import { refusesMail } from '../mail/bounce.ts';
import type { Mail } from '../mail/mail.ts';
import { mailFromRaw } from '../mail/received.ts';
import type { World } from '../world.ts';
import type { Account, Directory } from './directory.ts';
import { invalidArgument, notFound } from './errors.ts';
import type { StoredMessage } from './mailbox/message.ts';
import type { GoogleOptions } from './options.ts';
import { requireAddresses, stampSent, withoutBcc } from './outgoing.ts';

const ARRIVED = ['INBOX', 'CATEGORY_PERSONAL', 'UNREAD'];

/** Sends a message: it stores a copy in SENT and delivers the message to each recipient in the sandbox. */
export class Outbox {
  constructor(
    private readonly world: World,
    private readonly directory: Directory,
    private readonly options: GoogleOptions,
  ) {}

  /** Creates a Mail from the bytes that a client sent, with the current time. */
  mail(raw: Buffer): Mail {
    return mailFromRaw(raw, { key: randomUUID(), receivedAt: this.world.now() });
  }

  /** Returns the thread that a client's mail names. Null when its headers do not belong there. Throws GoogleError 404. */
  threadFor({ mailbox }: Account, mail: Mail, threadId: string | undefined): string | null {
    if (!threadId) return null;
    if (mailbox.thread(threadId).length === 0) throw notFound();
    return mailbox.threading.fits(mail.envelope, threadId) ? threadId : null;
  }

  send(account: Account, raw: Buffer, threadOf: (mail: Mail) => string | null): StoredMessage {
    const given = this.mail(raw);
    requireAddresses(given);
    const written = given.envelope;
    const recipients = [...written.to, ...written.cc, ...written.bcc].map(({ address }) => address.toLowerCase());
    if (!recipients.some((address) => address.includes('@'))) throw invalidArgument('Recipient address required');
    const mail = this.mail(stampSent(raw, account, written.from?.address ?? null, this.world.now()));
    const toSelf = recipients.some((address) => this.directory.recipient(address) === account && !refusesMail(address));
    const labels = new Set(toSelf ? ['SENT', ...ARRIVED] : ['SENT']);
    const sent = account.mailbox.add(mail, labels, threadOf(mail));
    this.#deliver(account, mail.raw(), new Set(recipients));
    return sent;
  }

  #deliver(sender: Account, raw: Buffer, recipients: ReadonlySet<string>): void {
    const delivered = withoutBcc(raw);
    const elsewhere: string[] = [];
    for (const address of recipients) {
      const recipient = refusesMail(address) ? undefined : this.directory.recipient(address);
      if (recipient === sender) continue;
      if (recipient) recipient.mailbox.add(this.mail(delivered), new Set(ARRIVED), null);
      else elsewhere.push(address);
    }
    if (elsewhere.length > 0) this.options.deliverElsewhere?.(delivered, elsewhere);
  }
}
