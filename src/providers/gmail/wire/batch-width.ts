/** Gmail accepts 100 parts and advises against more than 50. In practice only 25 always passed (amd/gaia#2720). */
const MAX_WIDTH = 50;
const MIN_WIDTH = 5;
const STEP = 5;
/** The number of full batches without a 429 after which a wider one is tried. */
const WIDEN_AFTER = 100;

/** The number of parts in one account's batches. It drops to a width that has passed when parts get 429, and slowly grows when none do. */
export class BatchWidth {
  private width = MAX_WIDTH;
  /** The widest batch that has passed since the last one that did not. 0: none. */
  private passed = 0;
  private fullInARow = 0;

  get current(): number {
    return this.width;
  }

  /** Records the result of a batch. Returns true when it was too wide, so that its remaining parts go into narrower ones. */
  record(parts: number, limited: number): boolean {
    if (limited > 0) {
      this.fullInARow = 0;
      if (parts <= MIN_WIDTH) return false;
      // This batch was sent before the width was reduced.
      if (parts > this.width) return true;
      // The last batch of a run may be small, and half of it would be needlessly narrow, so half of the full width is used.
      const half = Math.floor((parts > this.width / 2 ? this.width : parts) / 2);
      const narrower = this.passed > half && this.passed < parts ? this.passed : half;
      this.width = Math.max(MIN_WIDTH, narrower);
      this.passed = 0;
      return true;
    }
    this.passed = Math.max(this.passed, parts);
    // Only full batches count.
    if (parts >= this.width && ++this.fullInARow >= WIDEN_AFTER) {
      this.fullInARow = 0;
      this.width = Math.min(MAX_WIDTH, this.width + STEP);
    }
    return false;
  }
}
