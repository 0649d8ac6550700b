import { CacheBudget } from '../../cache/cache-budget.ts';
import { EntryStore } from '../../cache/entry-store.ts';
import { type AnswerDates, hasEnded } from '../../graphql/reads.ts';

/** An answer that may be given again. */
export interface KeptAnswer {
  readonly body: Buffer;
  readonly dates: AnswerDates;
  /** The entity tag for each content type that was asked for. */
  readonly tags: Map<string, string>;
  /** By the clock of `performance.now`. */
  usedAt: number;
}

/** How long an answer that nobody asks for is kept. */
const IDLE_TIMEOUT_MS = 15 * 60_000;
const SWEEP_INTERVAL_MS = 60_000;
/** What an answer occupies beside its bytes, by estimate: its key, its dates and its entries. */
const ANSWER_BYTES = 1_000;
const READ_BYTES = 100;

/**
 * The bytes of a text, in memory of their own. `Buffer.from` cuts a short one out of 8 KiB that it shares with others, and one
 * that is kept would keep all of them, which nobody counts.
 */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** The answers of one user. */
type Answers = EntryStore<{ readonly answer: KeptAnswer }>;

/**
 * The kept answers of this process, by user, in memory. Where their bytes are used up, the user with the most gives up those
 * that were used least recently, so that nobody displaces the answers of all others.
 */
export class AnswerStore {
  private readonly budget: CacheBudget;
  private readonly owners = new Map<string, Answers>();
  private readonly sweeping: NodeJS.Timeout;

  constructor(maxBytes: number) {
    this.budget = new CacheBudget(maxBytes);
    this.sweeping = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  get bytes(): number {
    return this.budget.bytes;
  }

  get(owner: string, key: string): KeptAnswer | null {
    const answer = this.owners.get(owner)?.get('answer', key);
    if (!answer) return null;
    answer.usedAt = performance.now();
    return answer;
  }

  set(owner: string, key: string, body: string, dates: AnswerDates): KeptAnswer {
    const answer = { body: bytesOf(body), dates, tags: new Map(), usedAt: performance.now() };
    const answers = this.owners.get(owner) ?? new EntryStore(this.budget);
    this.owners.set(owner, answers);
    answers.set('answer', key, answer, ANSWER_BYTES + READ_BYTES * dates.reads.length + answer.body.length);
    return answer;
  }

  delete(owner: string, key: string): void {
    this.owners.get(owner)?.delete('answer', key);
  }

  /** Drops the answers of a user. */
  forget(owner: string): void {
    this.owners.get(owner)?.close();
    this.owners.delete(owner);
  }

  close(): void {
    clearInterval(this.sweeping);
    for (const owner of [...this.owners.keys()]) this.forget(owner);
  }

  /** Drops what is not asked for any more, or cannot be given again. */
  private sweep(): void {
    const now = performance.now();
    for (const [owner, answers] of [...this.owners]) {
      for (const [key, { dates, usedAt }] of [...answers.all('answer')])
        if (now - usedAt > IDLE_TIMEOUT_MS || hasEnded(dates)) answers.delete('answer', key);
      if (answers.bytes === 0) this.forget(owner);
    }
  }
}
