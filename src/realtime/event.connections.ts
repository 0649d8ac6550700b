import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import type { AccountHandles } from '../accounts/handles/account-handles.ts';
import type { Cache } from '../cache/open.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import { type UnreadMessageStore, unreadEventOf } from '../changes/unread/unread-message.store.ts';
import { isGivenUp, nullIfNotFound } from '../domain/error.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { requireFirst } from '../graphql/limits.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailAccount } from '../mail/account/mail-account.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { MailboxType } from '../mail/api/mailbox/mailbox.type.ts';
import { MessageType } from '../mail/api/message/message.type.ts';
import type { ChangePages } from './change.pages.ts';
import { MailEventConnection } from './changes.connection.ts';
import type { ChangeCursors } from './event.cursor.ts';
import type { FeedEntry } from './feed.logs.ts';
import type { FeedRequest } from './feed.start.ts';
import { lagLeftMs } from './lagging-reads.ts';
import { mailEventOf } from './mail-event.ts';

interface EventConnectionsOptions {
  readonly pages: ChangePages;
  readonly handles: Pick<AccountHandles, 'find'>;
  readonly mailOf: MailOf;
  readonly unread: Pick<UnreadMessageStore, 'add'>;
  readonly cursors: ChangeCursors;
  readonly cache: Pick<Cache, 'noted'>;
}

/** The pages of the change logs, with the events as `mailEvents` sends them. */
export class EventConnections {
  constructor(private readonly options: EventConnectionsOptions) {}

  async page(request: FeedRequest, first: number, context: Context): Promise<MailEventConnection> {
    const { pages, handles, mailOf, cursors, cache } = this.options;
    const principal = requirePrincipal(context);
    const page = await pages.page(principal, request, requireFirst(first));
    // The page is read from the database, and what its events show may be in memory since before them.
    const reached = new Map(page.entries.map(({ entry: { change } }) => [change.integrationId, change.sequence]));
    for (const [integrationId, sequence] of reached) cache.noted(integrationId, sequence);
    const mail = mailOf(createContext({ ...context }));
    const events = page.entries.map(async ({ entry, reached }) => {
      const handle = await handles.find(principal, entry.change.integrationId);
      if (!handle) return null;
      const account = () => mail.of(handle.integration);
      const integration = new IntegrationType(handle.integration);
      const cursor = () => cursors.seal(principal.userId, reached);
      return mailEventOf(
        { entry, integration, cursor },
        {
          message: () => this.message(account(), entry, context.signal),
          mailbox: () => this.mailbox(account(), entry, context.signal),
        },
      );
    });
    const found = await Promise.all(events);
    return MailEventConnection.of(
      found.filter((event) => event !== null),
      {
        hasNextPage: page.hasNextPage,
        hasPreviousPage: request.after !== null,
        end: () => cursors.seal(principal.userId, page.end),
      },
    );
  }

  /** A loader reads the messages of the page together. Rejects when the client has left: others need no event because of that. */
  private async message(account: MailAccount, { change }: FeedEntry, signal: AbortSignal): Promise<MessageType | null> {
    try {
      const message = await account.messages.envelope(change.subject).catch(nullIfNotFound);
      const laggingMs = await lagLeftMs(account, change, message);
      if (laggingMs > 0) await this.showAgain(change, message ? laggingMs : 0);
      return message && new MessageType(account, message);
    } catch (error) {
      if (signal.aborted || isGivenUp(error)) throw error;
      await this.showAgain(change);
      return null;
    }
  }

  /** Rejects when the mailboxes could not be read: null says that it no longer exists. */
  private async mailbox(account: MailAccount, { change }: FeedEntry, signal: AbortSignal): Promise<MailboxType | null> {
    try {
      const mailbox = await account.mailboxes.find(change.subject);
      const laggingMs = await lagLeftMs(account, change, mailbox);
      if (laggingMs > 0) await this.showAgain(change, laggingMs);
      return mailbox && new MailboxType(account, mailbox);
    } catch (error) {
      if (signal.aborted || isGivenUp(error)) throw error;
      await this.showAgain(change);
      throw error;
    }
  }

  private async showAgain(change: LoggedChange, afterMs = 0): Promise<void> {
    const event = unreadEventOf(change);
    if (event) await this.options.unread.add(event, afterMs);
  }
}
