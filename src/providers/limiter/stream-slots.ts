import { MailError } from '../../domain/error.ts';
import type { Call } from '../contract/call.ts';
import { abortReason } from './aborted.ts';

/** When to come back while all files that may be read at once are being read, in milliseconds. */
const BUSY_RETRY_AFTER_MS = 10_000;

/** Permission to relay one answer as it comes. */
interface StreamSlot {
  /** Whether its reader takes nothing: it is cut should another need the place. Said again with each change. */
  readerIsSlow(isSlow: boolean, cut: () => void): void;
  /** It was cut, and counts until the vendor has seen that. */
  wasCut(): void;
  end(): void;
}

/** Which answers may be relayed now: so many of an account at a time, in the order they asked, and slow readers give way. */
export class StreamSlots {
  private open = 0;
  /** Of those, what was cut and still counts. */
  private ending = 0;
  private readonly waiting: (() => void)[] = [];
  /** Ends streams whose readers are slow, should another stream need the place. */
  private readonly slow = new Set<() => void>();

  constructor(private readonly places: number) {}

  get areWanted(): boolean {
    return this.open + this.waiting.length > 0;
  }

  /** RATE_LIMITED when there is no place in as long as the call says it waits. */
  begin(call: Call): Promise<StreamSlot> {
    if (call.signal.aborted) return Promise.reject(abortReason(call.signal));
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.waiting.indexOf(begin);
        if (at >= 0) this.waiting.splice(at, 1);
        clearTimeout(timer);
        call.signal.removeEventListener('abort', abandon);
      };
      const begin = () => {
        leave();
        this.open++;
        resolve(this.slot());
      };
      const abandon = () => {
        leave();
        reject(abortReason(call.signal));
      };
      const refuse = () => {
        leave();
        reject(tooMany());
      };
      const timer = call.maxTurnMs === undefined ? undefined : setTimeout(refuse, call.maxTurnMs);
      call.signal.addEventListener('abort', abandon, { once: true });
      this.waiting.push(begin);
      this.serve();
    });
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

  /** Begins those that may begin, and asks slow ones to make room for the others, as many as wait. */
  private serve(): void {
    while (this.open < this.places && this.waiting[0]) this.waiting[0]();
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
