import { isMailError, MailError } from '../../domain/error.ts';
import { Pace } from '../../platform/pace.ts';

/**
 * What nobody who reads falls below: 4 kB/s, for two minutes. A kernel that holds megabytes tells of a reader of 20 kB/s
 * only every minute and a half that there is room again.
 */
const leastPace = () => new Pace(4, 120_000);
/** What is asked of a reader while another file waits for the place: 32 kB/s, for five seconds. */
const flowingPace = () => new Pace(32, 5_000);

interface RelayedStreamOptions {
  readonly signal: AbortSignal;
  /** How long the provider may go without sending more once that is asked for. */
  readonly silentAfterMs: number;
  /** Told that the reader was too slow; absent: the reader's pace is not watched. */
  readonly cut: ((reason: MailError) => void) | undefined;
  readonly now: () => number;
  /** Told whether the reader is so slow that others come first. */
  readonly slow: (isSlow: boolean) => void;
  /** Told once; null when all of the source was read. */
  readonly ended: (reason: unknown) => void;
}

const readTooSlowly = (): MailError => new MailError('TIMEOUT', 'The file was read too slowly. Ask for it again.');
const silent = (): MailError => new MailError('TIMEOUT', 'The mail provider did not send the rest in time. Try again.');

/** The same bytes, one piece at a time as they are asked for, ended when its provider or its reader stalls. */
export class RelayedStream {
  readonly stream: ReadableStream<Uint8Array>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private over = false;
  /** The piece that its reader was given last, and when. */
  private given: { bytes: number; at: number } | null = null;
  private readonly least = leastPace();
  private readonly flowing = flowingPace();
  private timers: NodeJS.Timeout[] = [];
  private readonly abort = () => this.end(this.options.signal.reason);

  constructor(
    source: ReadableStream<Uint8Array> | null,
    private readonly options: RelayedStreamOptions,
  ) {
    this.reader = (source ?? new ReadableStream<Uint8Array>({ start: (empty) => empty.close() })).getReader();
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => this.pull(),
        cancel: (reason) => this.finish(reason ?? new Error('the reader has left')),
      },
      { highWaterMark: 0 },
    );
    options.signal.addEventListener('abort', this.abort, { once: true });
    this.give(0);
    if (options.signal.aborted) this.abort();
  }

  /** Ends it for its reader's slowness. */
  cut(): void {
    const reason = readTooSlowly();
    this.end(reason);
    this.options.cut?.(reason);
  }

  private end(reason: unknown): void {
    if (this.over) return;
    this.controller.error(reason);
    this.finish(reason);
  }

  private async pull(): Promise<void> {
    this.taken();
    this.timers = [setTimeout(() => this.end(silent()), this.options.silentAfterMs).unref()];
    try {
      const { done, value } = await this.reader.read();
      if (this.over) return;
      this.clear();
      if (done) {
        this.controller.close();
        return this.finish(null);
      }
      this.give(value.length);
      this.controller.enqueue(value);
    } catch (error) {
      this.end(
        isMailError(error)
          ? error
          : new MailError('PROVIDER_UNAVAILABLE', 'The mail provider aborted the download. Try again.', {
              cause: error,
            }),
      );
    }
  }

  private give(bytes: number): void {
    const { cut, now, slow } = this.options;
    if (!cut) return;
    this.given = { bytes, at: now() };
    this.timers = [
      setTimeout(() => this.cut(), this.least.leftMs).unref(),
      setTimeout(() => slow(true), this.flowing.leftMs).unref(),
    ];
  }

  private taken(): void {
    this.clear();
    if (!this.given) return;
    const { bytes, at } = this.given;
    const waited = this.options.now() - at;
    for (const pace of [this.least, this.flowing]) pace.waited(waited, bytes);
    this.given = null;
    if (this.flowing.leftMs > 0) this.options.slow(false);
  }

  private clear(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  private finish(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    this.clear();
    this.options.signal.removeEventListener('abort', this.abort);
    this.options.slow(false);
    this.options.ended(reason);
    if (reason !== null) this.reader.cancel(reason).catch(() => {});
  }
}
