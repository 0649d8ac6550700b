import DataLoader from 'dataloader';
import type { Logger } from 'pino';
import type { MailSessions } from '../accounts/mail-sessions.ts';
import { isMailError, MailError, storeErrorIn } from '../domain/error.ts';
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
/** How long each try to read a new message may go without an answer. */
const ATTEMPTS_MS = [4_000, 8_000, 20_000];

/**
 * Reads each new message once, however many subscriptions show it. What was read is forgotten soon: flags change, and
 * this is no cache of mail.
 */
export class EventMessages {
  private readonly shelves = new Map<string, Shelf>();

  constructor(
    private readonly sessions: Pick<MailSessions, 'open'>,
    private readonly log: Logger,
  ) {}

  /**
   * The message's envelope. Rejects with MailError, NOT_FOUND when it is gone again; another failure is logged here, once
   * for all who asked.
   */
  read(integrationId: string, messageId: string): Promise<Message> {
    const shelf = this.shelf(integrationId);
    const known = shelf.messages.get(messageId);
    if (known) return known;
    const reading = shelf.loader.load(messageId);
    reading.catch((err: unknown) => {
      // That our own store was away is no answer to remember.
      if (storeErrorIn(err)) shelf.messages.delete(messageId);
      else if (!isGone(err)) this.log.warn({ err, integrationId, messageId }, 'a new message could not be read');
    });
    shelf.messages.set(messageId, reading);
    setTimeout(() => shelf.messages.delete(messageId), FORGET_MS).unref();
    if (shelf.messages.size > REMEMBERED) shelf.messages.delete(shelf.messages.keys().next().value ?? '');
    return reading;
  }

  /** The provider's id of the account's mailbox with that role; undefined when it has none. */
  async mailboxId(integrationId: string, role: MailboxRole): Promise<string | undefined> {
    const shelf = this.shelf(integrationId);
    if (!shelf.mailboxIds) {
      shelf.mailboxIds = this.listMailboxes(integrationId);
      shelf.mailboxIds.catch((err: unknown) =>
        this.log.warn({ err, integrationId }, 'the mailboxes of a new message could not be read'),
      );
    }
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
      loader: new DataLoader<string, Message>((ids) => this.hydrate(integrationId, ids), {
        cache: false,
        maxBatchSize: 50,
        batchScheduleFn: (go) => setTimeout(go, GATHER_MS),
      }),
      messages: new Map(),
      mailboxIds: null,
    };
    this.shelves.set(integrationId, shelf);
    return shelf;
  }

  /** What goes unanswered is asked for again, the last time with patience: a request that hung may never be answered. */
  private async hydrate(integrationId: string, ids: readonly string[]): Promise<(Message | MailError)[]> {
    const session = await this.sessions.open(integrationId);
    const found = new Map<string, Message | MailError>();
    for (const attemptTimeoutMs of ATTEMPTS_MS) {
      const open = ids.filter((id) => isUnanswered(found.get(id)));
      if (open.length === 0) break;
      const answers = await session.getMessages(open, 'envelope', { ...call(), attemptTimeoutMs });
      for (const [i, answer] of answers.entries()) found.set(open[i] ?? '', answer);
    }
    return ids.map((id) => found.get(id) ?? new MailError('NOT_FOUND', 'There is no such message.'));
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

const isUnanswered = (answer: Message | MailError | undefined): boolean =>
  answer === undefined || (isMailError(answer) && answer.code === 'TIMEOUT');

export const isGone = (error: unknown): boolean => error instanceof MailError && error.code === 'NOT_FOUND';
