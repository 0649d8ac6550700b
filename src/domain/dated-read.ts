/** Whether something that was read may have changed since. 'unconfirmed': nothing is known to have changed, but it was not asked lately. */
export type ReadState = 'unchanged' | 'unconfirmed' | 'changed';

/** Something that an answer shows and of which it is known whether it has changed since it was read. */
export interface DatedRead {
  /** Identifies what was read, for example an account under one grant. */
  readonly key: string;
  /** This costs no query. Once it is 'changed' it remains so. */
  readonly state: ReadState;
  /** Whether `state` is 'changed'. To ask this is no use of what was read, and keeps nothing followed. */
  readonly hasChanged: boolean;
  /** Finds out, by a query of the gateway's own database at most. Never rejects. */
  confirm(): Promise<Exclude<ReadState, 'unconfirmed'>>;
}

/**
 * Notes what is read for one answer, so that it can be given again while nothing of it has changed. A read is noted before
 * its source is asked, because a change during the read may be missing in what it returns.
 */
export interface ReadRecorder {
  note(read: DatedRead): void;
  /** Something was read of which it is not known when it changes. `what` names it for the log. */
  undated(what: string): void;
  /** What was read holds until this time at most, in milliseconds since the epoch: a signed link, or what no change feed reports. */
  until(time: number): void;
}

/** The notes of a part of an answer that may be shown again in another one. */
export class ReadNotes implements ReadRecorder {
  private readonly reads = new Set<DatedRead>();
  private undatedReason: string | null = null;
  private endsAt = Number.POSITIVE_INFINITY;

  note(read: DatedRead): void {
    this.reads.add(read);
  }

  undated(what: string): void {
    this.undatedReason ??= what;
  }

  until(time: number): void {
    this.endsAt = Math.min(this.endsAt, time);
  }

  /** Whether anything of this part is known to have changed since it was read. */
  get hasChanged(): boolean {
    return [...this.reads].some(({ hasChanged }) => hasChanged);
  }

  /** Notes the same for an answer that shows this part. A part of which nothing was noted is not dated. */
  repeatFor(recorder: ReadRecorder): void {
    if (this.undatedReason !== null || this.reads.size === 0)
      recorder.undated(this.undatedReason ?? 'a read without a note');
    for (const read of this.reads) recorder.note(read);
    recorder.until(this.endsAt);
  }
}
