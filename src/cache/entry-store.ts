import type { CacheBudget, Evictable } from './cache-budget.ts';

interface Entry {
  readonly kind: string;
  readonly key: string;
  readonly value: unknown;
  readonly bytes: number;
}

/** An entry larger than this share of all bytes is not kept, because it would displace too many others. */
const MAX_ENTRY_SHARE = 1 / 8;

/** The entries of one account, ordered by their last use. `K` has the type of each kind; each kind has its own keys. */
export class EntryStore<K extends object> implements Evictable {
  private readonly kinds = new Map<string, Map<string, Entry>>();
  /** All entries, the least recently used first. It has no keys, which would have to be made for each use. */
  private readonly byUse = new Set<Entry>();
  private own = 0;
  private isClosed = false;

  constructor(private readonly budget: CacheBudget) {
    budget.join(this);
  }

  get bytes(): number {
    return this.own;
  }

  /** Returns the value and counts as a use of it. */
  get<T extends keyof K & string>(kind: T, key: string): K[T] | undefined {
    const entry = this.kinds.get(kind)?.get(key);
    if (!entry) return undefined;
    this.byUse.delete(entry);
    this.byUse.add(entry);
    return entry.value as K[T];
  }

  /** Returns the value, which does not count as a use of it. */
  peek<T extends keyof K & string>(kind: T, key: string): K[T] | undefined {
    return this.kinds.get(kind)?.get(key)?.value as K[T] | undefined;
  }

  /** Returns all values of a kind, which does not count as a use. */
  *all<T extends keyof K & string>(kind: T): Generator<[key: string, value: K[T]]> {
    for (const [key, entry] of this.kinds.get(kind) ?? []) yield [key, entry.value as K[T]];
  }

  set<T extends keyof K & string>(kind: T, key: string, value: K[T], bytes: number): void {
    this.delete(kind, key);
    if (this.isClosed || bytes > this.budget.maxBytes * MAX_ENTRY_SHARE) return;
    const entry: Entry = { kind, key, value, bytes };
    const ofKind = this.kinds.get(kind) ?? new Map<string, Entry>();
    this.kinds.set(kind, ofKind.set(key, entry));
    this.byUse.add(entry);
    this.own += bytes;
    this.budget.count(bytes);
  }

  delete(kind: keyof K & string, key: string): void {
    const entry = this.kinds.get(kind)?.get(key);
    if (entry) this.remove(entry);
  }

  clear(kind?: keyof K & string): void {
    const entries = kind === undefined ? this.byUse : (this.kinds.get(kind)?.values() ?? []);
    for (const entry of [...entries]) this.remove(entry);
  }

  evictOldest(): void {
    const oldest = this.byUse.values().next().value;
    if (oldest) this.remove(oldest);
  }

  /** Removes everything. Nothing is kept any more. */
  close(): void {
    this.isClosed = true;
    this.clear();
    this.budget.leave(this);
  }

  private remove(entry: Entry): void {
    const { kind, key, bytes } = entry;
    this.byUse.delete(entry);
    this.kinds.get(kind)?.delete(key);
    this.own -= bytes;
    this.budget.count(-bytes);
  }
}
