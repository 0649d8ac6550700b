import type { DestinationStream } from 'pino';

/** The level of pino from which a line is written at once: a warning. */
const URGENT_LEVEL = 40;
/** How long a line may wait for others. */
const WAIT_MS = 20;
const MAX_WAITING_CHARACTERS = 16_384;

/**
 * Writes the lines of a busy process together, because each write is a call of the kernel: one for each request is a fifth of
 * the time of a kept answer. A line after a pause is written at once, and a warning with all lines before it. Call `flush` when
 * the process exits.
 */
export class LogLines implements DestinationStream {
  /** Set by pino before each line. */
  lastLevel = 0;
  private waiting = '';
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly destination: DestinationStream) {
    // pino sets `lastLevel` of a destination with this property.
    Object.defineProperty(this, Symbol.for('pino.metadata'), { value: true });
  }

  write(line: string): void {
    this.waiting += line;
    const isUrgent = this.lastLevel >= URGENT_LEVEL || this.waiting.length >= MAX_WAITING_CHARACTERS;
    if (isUrgent || !this.timer) this.flush();
    this.timer ??= setTimeout(() => this.pass(), WAIT_MS).unref();
  }

  flush(): void {
    const { waiting } = this;
    this.waiting = '';
    if (waiting !== '') this.destination.write(waiting);
  }

  /** Goes on waiting only while lines come. */
  private pass(): void {
    const hasLines = this.waiting !== '';
    this.flush();
    this.timer = hasLines ? setTimeout(() => this.pass(), WAIT_MS).unref() : null;
  }
}
