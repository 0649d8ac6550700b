/** Checks that bytes arrive, or are read, at a minimum rate. A higher rate earns no credit for later. */
export class Pace {
  private behindMs = 0;

  constructor(
    /** In bytes per millisecond. */
    private readonly rate: number,
    /** The time in milliseconds by which a transfer may fall behind the rate. */
    private readonly timeoutMs: number,
  ) {}

  /** Records the time that a number of bytes took. */
  waited(ms: number, bytes: number): void {
    this.behindMs = Math.max(0, this.behindMs + ms - bytes / this.rate);
  }

  /** The time that the next bytes may take. It is 0 if the transfer is already too far behind. */
  get leftMs(): number {
    return Math.max(0, this.timeoutMs - this.behindMs);
  }
}
