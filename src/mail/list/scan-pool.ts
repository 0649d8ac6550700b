/** Messages that a search may read for each item of its page, whatever others of its request have read. */
export const MIN_READS_PER_ITEM = 4;

/**
 * What all searches of one request may read of one account without listing it, beside the little that each may read for its
 * page: many searches in one request cost little more than as many lists that ask for nothing.
 */
export class ScanPool {
  private reading = 0;
  private wasted = 0;

  /** A search begins; the function that is returned ends it. */
  begin(): () => void {
    this.reading++;
    return () => {
      this.reading--;
    };
  }

  /** What was read without being listed. */
  charge(messages: number): void {
    this.wasted += Math.max(0, messages);
  }

  isEmpty(budget: number): boolean {
    return this.wasted >= budget;
  }

  /** The part of it that one of the searches under way may read now. */
  share(budget: number): number {
    return Math.max(0, Math.floor((budget - this.wasted) / Math.max(1, this.reading)));
  }
}
