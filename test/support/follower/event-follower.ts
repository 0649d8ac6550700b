import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLFormattedError } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import {
  type AccountCopy,
  type Ask,
  asker,
  own,
  pictureOf,
  readAccount,
  STATE,
  type StateNode,
} from './copy-reader.ts';
import type { MessagePicture } from './picture.ts';

const BEGIN = '{ viewer { sync { cursor } integrations { id address } } }';
const UPDATE = 'isRead isStarred isImportant isDraft mailboxIds mailboxIdsAdded mailboxIdsRemoved';
const eventsWith = (selection: string): string => `subscription ($after: Cursor) { mailEvents(after: $after) {
  __typename eventId cursor at integration { id }
  ... on MessageCreated { messageId message { ${STATE} } }
  ... on MessageUpdated { messageId ${selection} }
  ... on MessageDeleted { messageId }
  ... on MailboxChanged { mailboxId mailbox { id name } }
  ... on MailEventsReset { reason }
} }`;
/**
 * What a follower selects of an update: the message as it is when the event is sent, or what has changed, which costs the
 * provider nothing. With the latter it reads a message only where the provider did not say what has changed.
 */
const SELECTIONS = {
  message: eventsWith(`message { ${STATE} }`),
  update: eventsWith(`update { ${UPDATE} }`),
} as const;
type Selection = keyof typeof SELECTIONS;
const NODE = `query ($id: ID!) { node(id: $id) { ... on Message { ${STATE} } } }`;

interface MailEvent {
  readonly __typename:
    | 'MessageCreated'
    | 'MessageUpdated'
    | 'MessageDeleted'
    | 'MailboxChanged'
    | 'IntegrationChanged'
    | 'MailEventsReset';
  readonly eventId: string;
  readonly cursor: string;
  readonly at: string;
  readonly integration: { readonly id: string };
  readonly messageId?: string;
  readonly message?: StateNode | null;
  readonly update?: Update | null;
  readonly mailboxId?: string;
  readonly mailbox?: { readonly id: string; readonly name: string } | null;
  readonly reason?: string;
}

type Update = Partial<Omit<Record<keyof StateNode, boolean | null>, 'id' | 'mailboxes'>> & {
  readonly mailboxIds: readonly string[] | null;
  readonly mailboxIdsAdded: readonly string[] | null;
  readonly mailboxIdsRemoved: readonly string[] | null;
};

/** What the follower keeps of an event, to be judged afterwards. */
export interface ReceivedEvent {
  readonly type: MailEvent['__typename'];
  readonly eventId: string;
  readonly cursor: string;
  readonly address: string;
  /** The provider's id of the message or mailbox, or the reason of a reset. */
  readonly about: string;
  /** Whether the event had its message. */
  readonly isWhole: boolean;
}

/**
 * A client that keeps a copy of all accounts of its user from the events alone. It reads an account through queries only at the
 * beginning and after a reset. When its socket ends it subscribes again after the last cursor that it received.
 */
export class EventFollower {
  readonly events: ReceivedEvent[] = [];
  readonly failures: string[] = [];
  /** The copies by the address of the account. */
  readonly accounts = new Map<string, AccountCopy>();
  private readonly addresses = new Map<string, string>();
  private readonly ask: Ask;
  private cursor = '';
  private socket: WebSocket | null = null;
  private following: Promise<void> | null = null;
  private isEnded = false;
  private away: { readonly over: Promise<void>; end(): void } | null = null;

  private constructor(
    /** The gateway to connect to next. */
    private readonly url: () => string,
    private readonly token: string,
    private readonly selection: Selection,
  ) {
    this.ask = asker(url, token);
  }

  /** Takes the cursor first and reads the accounts then, so that a change in between is told again rather than never. */
  static async begin(url: () => string, token: string, selection: Selection): Promise<EventFollower> {
    const follower = new EventFollower(url, token, selection);
    type Beginning = { viewer: { sync: { cursor: string }; integrations: { id: string; address: string }[] } };
    const { viewer } = await follower.ask<Beginning>(BEGIN);
    follower.cursor = viewer.sync.cursor;
    for (const { id, address } of viewer.integrations) {
      follower.addresses.set(id, address);
      follower.accounts.set(address, await readAccount(follower.ask, id));
    }
    follower.following = follower.follow();
    return follower;
  }

  /** Ends the socket without a word, as a network does. */
  cut(): void {
    this.socket?.terminate();
  }

  /** Goes away until `comeBack`. */
  leave(): void {
    if (this.away) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.away = { over, end };
    this.cut();
  }

  comeBack(): void {
    this.away?.end();
    this.away = null;
  }

  async end(): Promise<void> {
    this.isEnded = true;
    this.comeBack();
    this.cut();
    await this.following;
  }

  private async follow(): Promise<void> {
    while (!this.isEnded) {
      if (this.away) await this.away.over;
      const opened = (socket: WebSocket) => {
        this.socket = socket;
        // It was told to end, or to go away, while it was about to connect.
        if (this.isEnded || this.away) setImmediate(() => socket.terminate());
      };
      const client = createClient({
        url: `${this.url().replace('http', 'ws')}/graphql`,
        webSocketImpl: class extends WebSocket {
          constructor(...given: ConstructorParameters<typeof WebSocket>) {
            super(...given);
            opened(this);
          }
        },
        connectionParams: { authorization: `Bearer ${this.token}` },
        retryAttempts: 0,
      });
      try {
        const stream = client.iterate<{ mailEvents: MailEvent }>({
          query: SELECTIONS[this.selection],
          variables: { after: this.cursor },
        });
        for await (const { data, errors } of stream) {
          const isUnread = errors?.every(isUnreadMailbox) ?? false;
          if (errors && !isUnread) this.failures.push(JSON.stringify(errors));
          // What is not known of the mailbox is told again.
          if (data?.mailEvents) await this.receive(data.mailEvents, isUnread);
          if (this.away || this.isEnded) break;
        }
      } catch (error) {
        this.note(error);
        await delay(50);
      }
    }
  }

  /** A refusal is a failure; a socket that ended is what the follower has to live with. */
  private note(error: unknown): void {
    if (Array.isArray(error)) this.failures.push(JSON.stringify(error));
    const { code, reason } = error as { code?: number; reason?: string };
    const isEnd = code === undefined || [1001, 1005, 1006, 1012, 1013, 4499].includes(code);
    if (!isEnd) this.failures.push(`${code} ${reason}`);
  }

  private async receive(event: MailEvent, isUnread: boolean): Promise<void> {
    const address = this.addresses.get(event.integration.id);
    const copy = this.accounts.get(address ?? '');
    if (!address || !copy) throw new Error(`an event of an account that is not the user's: ${JSON.stringify(event)}`);
    const about = aboutOf(event);
    const { __typename: type, eventId, cursor } = event;
    this.events.push({ type, eventId, cursor, address, about, isWhole: Boolean(event.message) });
    if (type === 'MailEventsReset') this.accounts.set(address, await readAccount(this.ask, event.integration.id));
    else if (!isUnread) await this.apply(copy, event, about);
    this.cursor = cursor;
  }

  private async apply({ messages, mailboxes }: AccountCopy, event: MailEvent, about: string): Promise<void> {
    const { __typename: type, messageId = '', message, update, mailbox } = event;
    if (type === 'MessageDeleted') messages.delete(about);
    else if (type === 'MailboxChanged' && mailbox) mailboxes.set(about, mailbox.name);
    else if (type === 'MailboxChanged') mailboxes.delete(about);
    else if (type === 'MessageUpdated' && this.selection === 'update') {
      const known = messages.get(about);
      messages.set(about, known && update ? updated(known, update) : await this.read(messageId));
    } else if (type === 'MessageCreated' || type === 'MessageUpdated')
      messages.set(about, message ? pictureOf(message) : null);
  }

  /** Null when it was deleted meanwhile. */
  private async read(id: string): Promise<MessagePicture | null> {
    const { node } = await this.ask<{ node: StateNode | null }>(NODE, { id });
    return node && pictureOf(node);
  }
}

/** An event of a mailbox is sent with an error at this field while the account does not answer. */
const isUnreadMailbox = ({ path, extensions }: GraphQLFormattedError): boolean =>
  path?.join('.') === 'mailEvents.mailbox' &&
  ['TIMEOUT', 'PROVIDER_UNAVAILABLE', 'RATE_LIMITED'].includes(String(extensions?.code));

function updated(known: MessagePicture, update: Update): MessagePicture {
  const { mailboxIds, mailboxIdsAdded, mailboxIdsRemoved } = update;
  const ids = (list: readonly string[] | null) => (list ?? []).map((id) => own('Mailbox', id));
  const mailboxes = new Set(mailboxIds ? ids(mailboxIds) : known.mailboxes);
  for (const id of ids(mailboxIdsAdded)) mailboxes.add(id);
  for (const id of ids(mailboxIdsRemoved)) mailboxes.delete(id);
  return {
    isRead: update.isRead ?? known.isRead,
    isStarred: update.isStarred ?? known.isStarred,
    isImportant: update.isImportant ?? known.isImportant,
    isDraft: update.isDraft ?? known.isDraft,
    mailboxes,
  };
}

function aboutOf({ messageId, mailboxId, reason }: MailEvent): string {
  if (messageId !== undefined) return own('Message', messageId);
  return mailboxId === undefined ? (reason ?? '') : own('Mailbox', mailboxId);
}
