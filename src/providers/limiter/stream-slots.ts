import { MailError } from '../../domain/error.ts';
import { WaitingLine } from '../../platform/waiting-line.ts';
import type { Call } from '../contract/call.ts';
import { abortReason } from './aborted.ts';

/** The Retry-After of a file that found no free slot, in milliseconds. */
const BUSY_RETRY_AFTER_MS = 10_000;

/** Permission to stream one file. */
interface StreamSlot {
  /** Reports whether the reader of the file is slow. A slow file is cut when another one needs the slot. */
  readerIsSlow(isSlow: boolean, cut: () => void): void;
  /** Reports that the file was cut. It counts until the vendor has seen its connection closed. */
  wasCut(): void;
  end(): void;
}

/** Limits how many files of an account are streamed at a time. Files wait in their order, and slow readers are cut for others. */
export class StreamSlots {
  private open = 0;
  /** How many of the open files were cut and still count. */
  private ending = 0;
  private readonly waiting = new WaitingLine<object, StreamSlot>();
  /** Functions that end the files whose readers are slow. */
  private readonly slow = new Set<() => void>();

  constructor(private readonly slots: number) {}

  get areInUse(): boolean {
    return this.open + this.waiting.length > 0;
  }

  /** Rejects with RATE_LIMITED when no slot is free within `call.maxTurnMs`. */
  async begin(call: Call): Promise<StreamSlot> {
    const waiter = {};
    const admitted = this.waiting.join(waiter, { signal: call.signal, reasonOf: abortReason });
    const refuse = () => this.waiting.refuse(waiter, tooMany());
    const timer = call.maxTurnMs === undefined ? undefined : setTimeout(refuse, call.maxTurnMs);
    this.serve();
    try {
      return await admitted;
    } finally {
      clearTimeout(timer);
    }
  }

  private slot(): StreamSlot {
    let isEnding = false;
    return {
      readerIsSlow: (isSlow, cut) => {
        if (!isSlow) return void this.slow.delete(cut);
        this.slow.add(cut);
        this.serve();
      },
      wasCut: () => {
        isEnding = true;
        this.ending++;
      },
      end: () => {
        this.open--;
        if (isEnding) this.ending--;
        this.serve();
      },
    };
  }

  /** Admits as many files as there are slots, and cuts as many slow ones as there are others that wait. */
  private serve(): void {
    for (let next = this.waiting.first; next && this.open < this.slots; next = this.waiting.first) {
      this.open++;
      this.waiting.admit(next, this.slot());
    }
    for (const cut of this.slow) {
      if (this.waiting.length <= this.ending) return;
      cut();
    }
  }
}

const tooMany = (): MailError =>
  new MailError('RATE_LIMITED', 'Other files of this account are being read. Try again a little later.', {
    retryAfterMs: BUSY_RETRY_AFTER_MS,
  });
