import DataLoader from 'dataloader';
import type { MailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { Batch, Detail } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import { runsBySize } from '../../providers/shared/by-size.ts';
import type { Reader } from './reader.ts';

/** What one call of getMessages is asked for; the adapter splits it as its vendor likes. */
const BATCH = 100;

/** The messages of one account in one request. Each is read once at most for its envelope and once for its content. */
export class MessageLoader {
  private readonly envelopes: DataLoader<string, Message>;
  private readonly contents: DataLoader<string, Message>;
  /** What lists, full reads and changes have brought. A page brings many that nobody asks for again: these need no promise. */
  private readonly known = new Map<string, Message>();

  constructor(private readonly read: Reader) {
    this.envelopes = this.loader('envelope');
    this.contents = this.loader('full');
  }

  async envelope(id: string): Promise<Message> {
    return this.known.get(id) ?? this.envelopes.load(id);
  }

  /** With its content. Later reads of its envelope are answered by it. */
  async full(id: string): Promise<Message> {
    const known = this.known.get(id);
    if (known?.content) return known;
    const message = await this.contents.load(id);
    if (!this.known.has(id)) this.known.set(id, message);
    return message;
  }

  /** Takes in what a list has read. */
  prime(message: Message): void {
    if (message.content || !this.known.has(message.id)) this.known.set(message.id, message);
  }

  /** Takes in what a change has left: flags and mailboxes are new, and content never changes. */
  replace(message: Message): void {
    this.envelopes.clear(message.id);
    this.contents.clear(message.id);
    this.known.set(message.id, message);
  }

  /** After it was deleted. */
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

  /** Whole mails of which a list has told that they are large are asked for a few at a time. */
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
