/** The id and the thread of a listed message, which is all that is known of it. */
export interface ThreadHead {
  readonly id: string;
  readonly threadId: string;
}

/** One page of heads, newest first. `next` is null at the end. An empty page may have a `next`. */
export interface HeadPage {
  readonly heads: readonly ThreadHead[];
  readonly next: string | null;
}

export type ReadHeads = (after: string | null) => Promise<HeadPage>;

/** Maximum number of pages of heads that are read from one list for one page of threads. */
export const MAX_HEAD_PAGES = 4;

/** A list of heads, from its first requested page to the last one read so far. */
export class HeadList {
  readonly heads: ThreadHead[] = [];
  /** The ids of the messages read so far, by thread. */
  readonly byThread = new Map<string, Set<string>>();
  private readonly pages: { readonly token: string | null; readonly from: number }[] = [];
  private readonly indexes = new Map<string, number>();
  private next: string | null | undefined = undefined;

  constructor(
    private readonly readPage: ReadHeads,
    private readonly firstToken: string | null,
  ) {}

  get ended(): boolean {
    return this.next === null;
  }

  /** Number of pages read. */
  get reads(): number {
    return this.pages.length;
  }

  async readMore(): Promise<void> {
    if (this.ended) return;
    const token = this.next ?? this.firstToken;
    const { heads, next } = await this.readPage(token);
    this.pages.push({ token, from: this.heads.length });
    for (const head of heads) {
      // A page that continues by date repeats some heads of the page before.
      if (this.indexes.has(head.id)) continue;
      this.indexes.set(head.id, this.heads.length);
      this.heads.push(head);
      const ids = this.byThread.get(head.threadId) ?? new Set();
      this.byThread.set(head.threadId, ids.add(head.id));
    }
    this.next = next;
  }

  /** Returns the index of a message among the heads, or undefined when it is not there. */
  indexOf = (id: string): number | undefined => this.indexes.get(id);

  /**
   * Returns the token of the page that holds the head at `index`. Beyond the last head, it is the next page's token.
   */
  tokenAt(index: number): string | null {
    if (index >= this.heads.length && this.next) return this.next;
    return this.pages.findLast(({ from }) => from <= index)?.token ?? this.firstToken;
  }
}
