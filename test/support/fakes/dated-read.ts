import type { DatedRead, ReadState } from '../../../src/domain/dated-read.ts';

/** A read whose state the test sets. */
export class TestRead implements DatedRead {
  state: ReadState = 'unchanged';
  /** What `confirm` finds. */
  confirms: 'unchanged' | 'changed' = 'unchanged';
  /** How often it was confirmed. */
  confirmed = 0;

  constructor(readonly key: string) {}

  get hasChanged(): boolean {
    return this.state === 'changed';
  }

  change(): void {
    this.state = 'changed';
  }

  async confirm(): Promise<'unchanged' | 'changed'> {
    this.confirmed++;
    if (this.confirms === 'changed') this.change();
    return this.confirms;
  }
}
