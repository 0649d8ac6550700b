/** Gmail takes 100 parts and advises against more than 50: wide batches draw 429 on some of them. */
const WIDEST = 50;
const NARROWEST = 5;

/** How many parts one account's batches carry: narrower while they keep drawing 429, wider again when they do not. */
export class BatchWidth {
  private width = WIDEST;
  private limitedInARow = 0;

  get current(): number {
    return this.width;
  }

  seen(rateLimited: boolean): void {
    this.limitedInARow = rateLimited ? this.limitedInARow + 1 : 0;
    if (this.limitedInARow > 1) this.width = Math.max(NARROWEST, Math.floor(this.width / 2));
    else if (!rateLimited) this.width = Math.min(WIDEST, this.width + 5);
  }
}
