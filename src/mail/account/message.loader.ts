import DataLoader from 'dataloader';
import type { MailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { Batch, Detail } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import { runsBySize } from '../../providers/shared/by-size.ts';
import type { Reader } from './reader.ts';

/** The number of messages in one call of getMessages. The provider splits it further as needed. */
const BATCH = 100;

/** Loads the messages of one account in one request, each at most once for its envelope and once for its content. */
export class MessageLoader {
  private readonly envelopes: DataLoader<string, Message>;
  private readonly contents: DataLoader<string, Message>;
  /**
   * The messages that lists, full reads and changes have returned. A DataLoader would create a promise for each of them,
   * and most are never loaded.
   */
  private readonly known = new Map<string, Message>();

  constructor(private readonly read: Reader) {
    this.envelopes = this.loader('envelope');
    this.contents = this.loader('full');
  }

  async envelope(id: string): Promise<Message> {
    return this.known.get(id) ?? this.envelopes.load(id);
  }

  /** The message with its content, which also answers later reads of its envelope. */
  async full(id: string): Promise<Message> {
    const known = this.known.get(id);
    if (known?.content) return known;
    const message = await this.contents.load(id);
    if (!this.known.has(id)) this.known.set(id, message);
    return message;
  }

  /** Adds a message that a list has read. */
  prime(message: Message): void {
    if (message.content || !this.known.has(message.id)) this.known.set(message.id, message);
  }

  /** Replaces a message after a change. Its flags and mailboxes are new; the content of a message never changes. */
  replace(message: Message): void {
    this.envelopes.clear(message.id);
    this.contents.clear(message.id);
    this.known.set(message.id, message);
  }

  /** Drops a message after its deletion. */
  forget(id: string): void {
    this.envelopes.clear(id);
    this.contents.clear(id);
    this.known.delete(id);
  }

  private loader(detail: Detail): DataLoader<string, Message> {
    return new DataLoader<string, Message>(
      (ids) => this.read((session, call) => this.readRuns(session, ids, detail, call)),
      {
        maxBatchSize: BATCH,
      },
    );
  }

  /** Large messages, by the sizes that lists have returned, are read in small groups. */
  private async readRuns(
    session: MailSession,
    ids: readonly string[],
    detail: Detail,
    call: Call,
  ): Promise<Batch<Message>> {
    if (detail === 'envelope') return session.getMessages(ids, detail, call);
    const read: (Message | MailError)[] = [];
    for (const run of runsBySize(ids, (id) => this.known.get(id)?.sizeBytes)) {
      read.push(...(await session.getMessages(run, detail, call)));
    }
    return read;
  }
}
