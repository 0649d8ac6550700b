/** A message of a list of which no more is known than its thread. */
export interface Head {
  readonly id: string;
  readonly threadId: string;
}

/** One page of heads, newest first; `next` is null at the end. A page may be empty and have a `next`. */
export interface HeadPage {
  readonly heads: readonly Head[];
  readonly next: string | null;
}

export type ReadHeads = (after: string | null) => Promise<HeadPage>;

/** Pages of heads of one list for one page of threads. */
export const MAX_HEAD_PAGES = 4;

/** A list of heads, from a page of it on, as far as it was read. */
export class HeadList {
  readonly heads: Head[] = [];
  /** The ids of the messages that were read, by thread. */
  readonly byThread = new Map<string, Set<string>>();
  private readonly pages: { readonly token: string | null; readonly from: number }[] = [];
  private readonly places = new Map<string, number>();
  private next: string | null | undefined = undefined;

  constructor(
    private readonly readPage: ReadHeads,
    private readonly begin: string | null,
  ) {}

  get ended(): boolean {
    return this.next === null;
  }

  /** How many pages were read. */
  get reads(): number {
    return this.pages.length;
  }

  async more(): Promise<void> {
    if (this.ended) return;
    const token = this.next ?? this.begin;
    const { heads, next } = await this.readPage(token);
    this.pages.push({ token, from: this.heads.length });
    for (const head of heads) {
      // A page that goes on by date gives some of the page before once more.
      if (this.places.has(head.id)) continue;
      this.places.set(head.id, this.heads.length);
      this.heads.push(head);
      const ids = this.byThread.get(head.threadId) ?? new Set();
      this.byThread.set(head.threadId, ids.add(head.id));
    }
    this.next = next;
  }

  /** Where a message stands among the heads; undefined where it does not. */
  placeOf = (id: string): number | undefined => this.places.get(id);

  /** The page that holds the head at this place, to go on in; behind all that were read, the next one. */
  tokenAt(place: number): string | null {
    if (place >= this.heads.length && this.next) return this.next;
    return this.pages.findLast(({ from }) => from <= place)?.token ?? this.begin;
  }
}
