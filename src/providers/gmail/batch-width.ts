/** Gmail takes 100 parts and advises against more than 50; in the field only 25 were sure to pass (amd/gaia#2720). */
const MAX_WIDTH = 50;
const MIN_WIDTH = 5;
const STEP = 5;
/** After so many full batches without a 429 a wider one is tried. */
const WIDEN_AFTER = 20;

/** How many parts one account's batches carry: half as many once some draw 429, and slowly more again when none do. */
export class BatchWidth {
  private width = MAX_WIDTH;
  private passed = 0;

  get current(): number {
    return this.width;
  }

  /** What became of a batch. True: it was wider than Gmail answers now, and the next one is narrower. */
  seen(parts: number, limited: number): boolean {
    if (limited > 0) {
      this.passed = 0;
      if (parts <= MIN_WIDTH) return false;
      this.width = Math.max(MIN_WIDTH, Math.min(this.width, Math.floor(parts / 2)));
      return true;
    }
    // One that was not full says nothing of the width.
    if (parts >= this.width && ++this.passed >= WIDEN_AFTER) {
      this.passed = 0;
      this.width = Math.min(MAX_WIDTH, this.width + STEP);
    }
    return false;
  }
}
