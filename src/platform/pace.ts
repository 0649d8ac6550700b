/** Whether bytes come, or are taken, at least at some pace. Being ahead of it earns nothing for later. */
export class Pace {
  private behindMs = 0;

  constructor(
    /** In bytes per millisecond. */
    private readonly rate: number,
    /** For how long one may be behind it. */
    private readonly patienceMs: number,
  ) {}

  /** So many bytes were waited for so long. */
  waited(ms: number, bytes: number): void {
    this.behindMs = Math.max(0, this.behindMs + ms - bytes / this.rate);
  }

  /** How long the next bytes may take; 0 for who is too far behind already. */
  get leftMs(): number {
    return Math.max(0, this.patienceMs - this.behindMs);
  }
}
