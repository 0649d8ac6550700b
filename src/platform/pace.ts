/** Checks that bytes arrive, or are read, at a minimum rate. A higher rate earns no credit for later. */
export class Pace {
  private behindMs = 0;

  constructor(
    /** In bytes per millisecond. */
    private readonly rate: number,
    /** How long a transfer may be behind the rate. */
    private readonly timeoutMs: number,
  ) {}

  /** Records that so many bytes took so long. */
  waited(ms: number, bytes: number): void {
    this.behindMs = Math.max(0, this.behindMs + ms - bytes / this.rate);
  }

  /** How long the next bytes may take; 0 when the transfer is already too far behind. */
  get leftMs(): number {
    return Math.max(0, this.timeoutMs - this.behindMs);
  }
}
