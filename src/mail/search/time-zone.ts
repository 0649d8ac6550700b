import { badInput } from '../../domain/error.ts';

/** Time zones are at most 14 hours ahead of UTC and 12 hours behind it. */
const MAX_OFFSET_MS = 15 * 3_600_000;

/** An IANA time zone, which determines when a day begins. */
export class TimeZone {
  private readonly format: Intl.DateTimeFormat;

  /** Throws BAD_USER_INPUT for a zone that does not exist. */
  constructor(name: string) {
    try {
      // Some releases of Node accept an offset such as +01:00, and others do not. It is refused in all.
      if (!/^[a-z]/i.test(name)) throw new RangeError('an offset');
      this.format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    } catch {
      const shown = JSON.stringify(name.slice(0, 60));
      throw badInput(`timeZone ${shown} is not a time zone. Use an IANA name, such as "Europe/Berlin" or "UTC".`);
    }
  }

  /**
   * The time at which a day begins. Null for a day that the calendar does not have. It is midnight; where clocks are put
   * forward over midnight, the end of the gap; where midnight occurs twice, the first one.
   */
  startOfDay(year: number, month: number, day: number): Date | null {
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
    const midnight = date.getTime();
    const [before, after] = [this.offsetAt(midnight - MAX_OFFSET_MS), this.offsetAt(midnight + MAX_OFFSET_MS)];
    const candidates = [midnight - Math.max(before, after), midnight - Math.min(before, after)];
    const start = candidates.find((at) => at + this.offsetAt(at) === midnight);
    return new Date(start ?? this.changeBetween(candidates[0] as number, candidates[1] as number));
  }

  /** The time between `from` and `to` at which clocks are put forward. The gap contains midnight. */
  private changeBetween(from: number, to: number): number {
    const offset = this.offsetAt(from);
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }

  /** The offset from UTC at a time, in milliseconds. */
  private offsetAt(at: number): number {
    const zone = this.format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes, seconds] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(zone) ?? [];
    const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
    return (sign === '-' ? -ahead : ahead) * 1000;
  }
}

/** The default time zone. */
export const UTC = new TimeZone('UTC');
