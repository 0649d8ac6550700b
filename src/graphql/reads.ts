import type { DatedRead, ReadRecorder, ReadState } from '../domain/dated-read.ts';

/** By what an answer can be given again: the reads of which it consists, and until when it holds. */
export interface AnswerDates {
  readonly reads: readonly DatedRead[];
  /** Milliseconds since the epoch. Infinity where nothing in the answer ends with time. */
  readonly until: number;
}

/** The reads of one operation. Nothing is noted unless `begin` was called, so that an answer that nobody keeps costs nothing. */
export class OperationReads implements ReadRecorder {
  private noted: Map<string, DatedRead> | null = null;
  private undatedReason: string | null = null;
  private endsAt = Number.POSITIVE_INFINITY;

  /** The answer may be kept. */
  begin(): void {
    this.noted ??= new Map();
  }

  get isRecording(): boolean {
    return this.noted !== null;
  }

  note(read: DatedRead): void {
    const known = this.noted?.get(read.key);
    // Something changed between the two reads, of which either may be the older one: the answer is of no single time.
    if (known && known !== read && [known, read].some(({ state }) => state === 'changed'))
      this.undated(`${read.key}, which changed meanwhile`);
    if (!known) this.noted?.set(read.key, read);
  }

  undated(what: string): void {
    this.undatedReason ??= what;
  }

  until(time: number): void {
    this.endsAt = Math.min(this.endsAt, time);
  }

  /** Why the answer cannot be dated, for the log. Null: it can. */
  get undatedBy(): string | null {
    return this.undatedReason;
  }

  /** Null where something was read that cannot be dated, or where nothing was recorded. */
  get dates(): AnswerDates | null {
    if (!this.noted || this.undatedReason !== null) return null;
    return { reads: [...this.noted.values()], until: this.endsAt };
  }
}

/** Whether anything of an answer may have changed. It costs no query. */
export function stateOf({ reads, until }: AnswerDates, now = Date.now()): ReadState {
  if (now >= until || reads.some(({ state }) => state === 'changed')) return 'changed';
  return reads.some(({ state }) => state === 'unconfirmed') ? 'unconfirmed' : 'unchanged';
}

/** Whether an answer cannot be given again. Unlike `stateOf`, this is no use of it. */
export const hasEnded = ({ reads, until }: AnswerDates, now = Date.now()): boolean =>
  now >= until || reads.some(({ hasChanged }) => hasChanged);

/** The same as `stateOf`, but what is unconfirmed is asked for. Never rejects. */
export async function isUnchanged(dates: AnswerDates): Promise<boolean> {
  const state = stateOf(dates);
  if (state !== 'unconfirmed') return state === 'unchanged';
  const asked = dates.reads.filter((read) => read.state === 'unconfirmed');
  const states = await Promise.all(asked.map((read) => read.confirm()));
  // Another read may have changed meanwhile.
  return states.every((one) => one === 'unchanged') && stateOf(dates) !== 'changed';
}
