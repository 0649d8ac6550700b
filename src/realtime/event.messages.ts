import DataLoader from 'dataloader';
import type { MailSessions } from '../accounts/mail-sessions.ts';
import { MailError, storeErrorIn } from '../domain/error.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Call } from '../providers/call.ts';

/** One account's new messages, read for everyone who subscribes to it. */
interface Shelf {
  readonly loader: DataLoader<string, Message>;
  readonly messages: Map<string, Promise<Message>>;
  mailboxIds: Promise<ReadonlyMap<MailboxRole, string>> | null;
}

const REMEMBERED = 200;
const FORGET_MS = 30_000;
/** Messages that arrive together are read together. */
const GATHER_MS = 10;
const PATIENCE_MS = 20_000;

/**
 * Reads each new message once, however many subscriptions show it. What was read is forgotten soon: flags change, and
 * this is no cache of mail.
 */
export class EventMessages {
  private readonly shelves = new Map<string, Shelf>();

  constructor(private readonly sessions: Pick<MailSessions, 'open'>) {}

  /** The message's envelope. Rejects with MailError, NOT_FOUND when it is gone again. */
  read(integrationId: string, messageId: string): Promise<Message> {
    const shelf = this.shelf(integrationId);
    const known = shelf.messages.get(messageId);
    if (known) return known;
    const reading = shelf.loader.load(messageId);
    shelf.messages.set(messageId, reading);
    // That our own store was away is no answer to remember.
    reading.catch((error: unknown) => storeErrorIn(error) && shelf.messages.delete(messageId));
    setTimeout(() => shelf.messages.delete(messageId), FORGET_MS).unref();
    if (shelf.messages.size > REMEMBERED) shelf.messages.delete(shelf.messages.keys().next().value ?? '');
    return reading;
  }

  /** The provider's id of the account's mailbox with that role; undefined when it has none. */
  async mailboxId(integrationId: string, role: MailboxRole): Promise<string | undefined> {
    const shelf = this.shelf(integrationId);
    shelf.mailboxIds ??= this.listMailboxes(integrationId);
    try {
      return (await shelf.mailboxIds).get(role);
    } catch (error) {
      shelf.mailboxIds = null;
      throw error;
    }
  }

  /** Its mailboxes are not what they were, or it is not followed any more. */
  forget(integrationId: string): void {
    this.shelves.delete(integrationId);
  }

  private shelf(integrationId: string): Shelf {
    const known = this.shelves.get(integrationId);
    if (known) return known;
    const shelf: Shelf = {
      loader: new DataLoader<string, Message>(
        async (ids) => (await this.sessions.open(integrationId)).getMessages(ids, 'envelope', call()),
        { cache: false, maxBatchSize: 50, batchScheduleFn: (go) => setTimeout(go, GATHER_MS) },
      ),
      messages: new Map(),
      mailboxIds: null,
    };
    this.shelves.set(integrationId, shelf);
    return shelf;
  }

  private async listMailboxes(integrationId: string): Promise<ReadonlyMap<MailboxRole, string>> {
    const mailboxes = await (await this.sessions.open(integrationId)).listMailboxes(call());
    return new Map(mailboxes.flatMap(({ role, id }) => (role ? [[role, id] as const] : [])));
  }
}

/** Nobody's request: a subscriber that goes away must not take the message from the others. */
function call(): Call {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return { signal, priority: 'interactive' };
}

export const isGone = (error: unknown): boolean => error instanceof MailError && error.code === 'NOT_FOUND';
