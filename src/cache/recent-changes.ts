import { EVERYTHING_TOUCHED, type Touched } from './message-state.ts';

/** A change of an account, as far as it is known: from the change log, or by a request of our own. */
export type Change =
  | { readonly kind: 'created' | 'deleted'; readonly id: string }
  | {
      readonly kind: 'updated';
      readonly id: string;
      /** What it touched at most. */
      readonly touched: Touched;
      /** What it touched of the state that was known without a gap since this clock. */
      readonly known?: { readonly since: number; readonly touched: Touched };
    }
  /** A mailbox was created, renamed, moved or deleted. */
  | { readonly kind: 'mailbox' }
  /** Anything may have changed. */
  | { readonly kind: 'anything' };

export const unknownUpdate = (id: string): Change => ({ kind: 'updated', id, touched: EVERYTHING_TOUCHED });

interface Noted {
  readonly clock: number;
  readonly at: number;
  readonly change: Change;
}

/** Identifies a read: what changed since it began, or shortly before, may be missing in its answer. */
export interface ReadMark {
  readonly clock: number;
  readonly at: number;
}

const MAX_NOTED = 5_000;

/**
 * The latest changes of one account. An answer is kept only if nothing that concerns it changed since its read began, or within
 * `settleMs` before, because a replica of the provider may not have had that change yet (`MailSession.readsSettleMs`).
 */
export class RecentChanges {
  private noted: Noted[] = [];
  private readonly reads = new Set<ReadMark>();
  /** The clock up to which changes may be missing here, because there were too many. */
  private missingUpTo = 0;
  private missingAt = Number.NEGATIVE_INFINITY;
  private clock = 0;

  constructor(private readonly now: () => number) {}

  /** Increases with each change and each read. */
  tick(): number {
    return ++this.clock;
  }

  begin(): ReadMark {
    const mark = { clock: this.tick(), at: this.now() };
    this.reads.add(mark);
    return mark;
  }

  end(mark: ReadMark): void {
    this.reads.delete(mark);
  }

  /** Something that is not known has changed so many milliseconds ago. */
  noteUnknown(msAgo: number): void {
    this.missingAt = Math.max(this.missingAt, this.now() - msAgo);
  }

  note(change: Change, settleMs: number): void {
    const at = this.now();
    this.noted.push({ clock: this.tick(), at, change });
    const oldest = this.reads.values().next().value?.clock ?? this.clock;
    if (this.noted.length > MAX_NOTED) {
      this.noted = [];
      this.missingUpTo = this.clock;
      this.missingAt = at;
    } else if ((this.noted[0]?.clock ?? oldest) < oldest && (this.noted[0]?.at ?? at) < at - settleMs) {
      const first = this.noted.findIndex((one) => one.clock >= oldest || one.at >= at - settleMs);
      this.noted = first === -1 ? [] : this.noted.slice(first);
    }
  }

  /** Whether a read began within `settleMs` after a change, so that a replica of the provider may have answered without it. */
  isSettling(mark: ReadMark, settleMs: number): boolean {
    const isRecent = (at: number) => settleMs > 0 && at > mark.at - settleMs;
    return isRecent(this.missingAt) || this.noted.some(({ clock, at }) => clock <= mark.clock && isRecent(at));
  }

  /** What changed since a read began, or within `settleMs` before. Null: more than is known. */
  since(mark: ReadMark, settleMs: number): readonly Change[] | null {
    if (this.missingUpTo > mark.clock || (settleMs > 0 && this.missingAt > mark.at - settleMs)) return null;
    return this.noted
      .filter(({ clock, at }) => clock > mark.clock || (settleMs > 0 && at > mark.at - settleMs))
      .map(({ change }) => change);
  }
}
