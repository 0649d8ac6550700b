/** Rung while nobody waits, it is heard by the next who does. */
export class Bell {
  private sounding = false;
  private heard: (() => void) | null = null;

  readonly ring = (): void => {
    this.sounding = true;
    this.heard?.();
  };

  /** Resolves at the next ring, or at once when it has rung since this was last called. */
  async rung(): Promise<void> {
    if (!this.sounding) {
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
      this.heard = null;
    }
    this.sounding = false;
  }
}
