/** What the next run of an account has to read. */
interface RequestedRead {
  /** All changes are read, and not only those that notifications named. */
  readonly isFullRead: boolean;
  /** Nothing but recorded notifications requests the run, so it has nothing to do when an earlier run has settled them. */
  readonly isNoted: boolean;
  /** Nothing but routine requests the run: nothing is known to have changed, and nobody waits for it. */
  readonly isRoutine: boolean;
}

/** What the next run of each account has to read, until a run has done it. */
export class RequestedReads {
  /** The accounts that need a full read. */
  private readonly full = new Set<string>();
  /** The accounts that are to be read also when no notification is recorded for them. */
  private readonly unconditional = new Set<string>();
  /** The accounts that have news, or that somebody waits for. */
  private readonly urgent = new Set<string>();
  /** When the last full read that succeeded began, by account. */
  private readonly fullyReadAt = new Map<string, number>();

  /** The account is read, also when no notification is recorded for it. */
  add(integrationId: string): void {
    this.unconditional.add(integrationId);
  }

  addFull(integrationId: string): void {
    this.full.add(integrationId);
    this.add(integrationId);
  }

  /** The account has news, or somebody waits for it. */
  expedite(integrationId: string): void {
    this.urgent.add(integrationId);
  }

  isRoutine(integrationId: string): boolean {
    return !this.urgent.has(integrationId);
  }

  /** A run begins. What is requested from now on needs another one. */
  take(integrationId: string): RequestedRead {
    return {
      isNoted: !this.unconditional.delete(integrationId),
      isFullRead: this.full.delete(integrationId),
      isRoutine: !this.urgent.delete(integrationId),
    };
  }

  /** The run that took this has read everything. `begunAt` is by the clock of `performance.now`. */
  done(integrationId: string, { isFullRead }: RequestedRead, begunAt: number): void {
    if (isFullRead) this.fullyReadAt.set(integrationId, begunAt);
  }

  /** The run that took this has not read everything, so it is requested again. */
  restore(integrationId: string, { isFullRead, isNoted, isRoutine }: RequestedRead): void {
    if (!isRoutine) this.urgent.add(integrationId);
    if (!isNoted) this.unconditional.add(integrationId);
    if (isFullRead) this.full.add(integrationId);
  }

  /** Whether a full read that began at this time or later has succeeded. */
  isFullyReadSince(integrationId: string, at: number): boolean {
    return (this.fullyReadAt.get(integrationId) ?? Number.NEGATIVE_INFINITY) >= at;
  }
}
