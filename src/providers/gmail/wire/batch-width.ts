/** Gmail takes 100 parts and advises against more than 50; in the field only 25 were sure to pass (amd/gaia#2720). */
const MAX_WIDTH = 50;
const MIN_WIDTH = 5;
const STEP = 5;
/** After so many full batches without a 429 a wider one is tried. */
const WIDEN_AFTER = 100;

/** How many parts one account's batches carry: what was seen to pass once some draw 429, and slowly more when none do. */
export class BatchWidth {
  private width = MAX_WIDTH;
  /** The widest batch that passed since the last one that did not; 0: none. */
  private passed = 0;
  private fullInARow = 0;

  get current(): number {
    return this.width;
  }

  /** What became of a batch. True: it was wider than Gmail answers now, and the next one is narrower. */
  seen(parts: number, limited: number): boolean {
    if (limited > 0) {
      this.fullInARow = 0;
      if (parts <= MIN_WIDTH) return false;
      // Sent before the width shrank: that so many are too many is known.
      if (parts > this.width) return true;
      // The rest of a run is no measure: half of a full batch may pass where half of the rest is needlessly narrow.
      const half = Math.floor((parts > this.width / 2 ? this.width : parts) / 2);
      const narrower = this.passed > half && this.passed < parts ? this.passed : half;
      this.width = Math.max(MIN_WIDTH, narrower);
      this.passed = 0;
      return true;
    }
    this.passed = Math.max(this.passed, parts);
    // One that was not full says nothing of the width.
    if (parts >= this.width && ++this.fullInARow >= WIDEN_AFTER) {
      this.fullInARow = 0;
      this.width = Math.min(MAX_WIDTH, this.width + STEP);
    }
    return false;
  }
}
