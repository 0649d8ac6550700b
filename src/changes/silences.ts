/** So many changes in a row that nobody told of, and the watch is no good, though it can be renewed. */
const MAX_MISSES = 2;
/** A watch that is replaced and stays silent is not replaced again within this, in milliseconds. */
const REPLACE_INTERVAL_MS = 6 * 60 * 60_000;

interface Silence {
  misses: number;
  replacedAt: number | null;
}

/** Which watches tell of nothing, as far as this process has seen: what a sync finds that nobody told of shows it. */
export class Silences {
  private readonly silences = new Map<string, Silence>();

  constructor(private readonly now: () => number = Date.now) {}

  /** A change was found that should have been told of. One alone may just be on its way. */
  missed(integrationId: string): void {
    const silence = this.silences.get(integrationId) ?? { misses: 0, replacedAt: null };
    silence.misses++;
    this.silences.set(integrationId, silence);
  }

  heard(integrationId: string): void {
    const silence = this.silences.get(integrationId);
    if (silence) silence.misses = 0;
  }

  /** To be replaced now: renewing it changes nothing. */
  isSilent(integrationId: string): boolean {
    const { misses = 0, replacedAt = null } = this.silences.get(integrationId) ?? {};
    return misses >= MAX_MISSES && (replacedAt === null || this.now() - replacedAt > REPLACE_INTERVAL_MS);
  }

  replaced(integrationId: string): void {
    this.silences.set(integrationId, { misses: 0, replacedAt: this.now() });
  }

  forget(integrationId: string): void {
    this.silences.delete(integrationId);
  }
}
