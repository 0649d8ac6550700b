/** An event that one waiter consumes: set while nobody waits, it releases the next one who does, and is then reset. */
export class AutoResetEvent {
  private isSet = false;
  private release: (() => void) | null = null;

  readonly set = (): void => {
    this.isSet = true;
    this.release?.();
  };

  /** Resolves when it is next set, or at once when it was set since this was last called. */
  async wait(): Promise<void> {
    if (!this.isSet) {
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
      this.release = null;
    }
    this.isSet = false;
  }
}
