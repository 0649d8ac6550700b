import { isMailError, MailError } from '../../domain/error.ts';
import { Pace } from '../../platform/pace.ts';

/**
 * The pace below which a client has stopped reading: 4 kB/s for two minutes. A kernel that buffers megabytes for a reader of
 * 20 kB/s reports free space only every minute and a half.
 */
const minPace = () => new Pace(4, 120_000);
/** The pace that a reader must keep while another file waits for its place: 32 kB/s for five seconds. */
const flowingPace = () => new Pace(32, 5_000);

interface RelayedStreamOptions {
  readonly signal: AbortSignal;
  /** How long the provider may take to send the next piece. */
  readonly silentAfterMs: number;
  /** Called when the reader was too slow. Absent: the reader's pace is not checked. */
  readonly cut: ((reason: MailError) => void) | undefined;
  readonly now: () => number;
  /** Called when the reader becomes so slow that other files go first, and when it no longer is. */
  readonly slow: (isSlow: boolean) => void;
  /** Called once, with null when the whole source was read. */
  readonly ended: (reason: unknown) => void;
}

const readTooSlowly = (): MailError => new MailError('TIMEOUT', 'The file was read too slowly. Ask for it again.');
const silent = (): MailError => new MailError('TIMEOUT', 'The mail provider did not send the rest in time. Try again.');

/** Passes a stream on piece by piece as the reader requests them. Ends it when the provider or the reader stalls. */
export class RelayedStream {
  readonly stream: ReadableStream<Uint8Array>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private over = false;
  /** The last piece that the reader received, and when. */
  private lastPiece: { bytes: number; at: number } | null = null;
  private readonly minimum = minPace();
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

  /** Ends the stream because its reader is too slow. */
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
    this.lastPiece = { bytes, at: now() };
    this.timers = [
      setTimeout(() => this.cut(), this.minimum.leftMs).unref(),
      setTimeout(() => slow(true), this.flowing.leftMs).unref(),
    ];
  }

  private taken(): void {
    this.clear();
    if (!this.lastPiece) return;
    const { bytes, at } = this.lastPiece;
    const waited = this.options.now() - at;
    for (const pace of [this.minimum, this.flowing]) pace.waited(waited, bytes);
    this.lastPiece = null;
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
