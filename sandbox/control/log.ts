import type { RequestLog, RequestRecord, Vendor } from '../world.ts';

/** The newest upstream requests, oldest first. The oldest are removed beyond a maximum. */
export function createRequestLog(cap = 200_000): RequestLog {
  let records: RequestRecord[] = [];
  let lastId = 0;
  return {
    add(record) {
      const added: RequestRecord = { ...record, id: ++lastId };
      records.push(added);
      // Many are removed at once, and rarely, because each removal moves the whole array.
      if (records.length >= 2 * cap) records = records.slice(-cap);
      return added;
    },
    all: () => (records.length > cap ? records.slice(-cap) : records),
    clear() {
      records = [];
    },
  };
}

export interface Totals {
  /** HTTP requests to the vendor's API, where a batch is one. Those to token and key endpoints are counted separately. */
  readonly requests: number;
  /** Requests inside batches. */
  readonly inner: number;
  /** Gmail quota units, 1 per request at Graph; a batch costs what is in it. */
  readonly units: number;
  /** The longest chain of API requests, each begun after the one before it had ended. */
  readonly waves: number;
  readonly identity: number;
  readonly byOperation: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
}

export function totalsOf(records: readonly RequestRecord[]): Totals {
  const outer = records.filter((record) => record.batch === null);
  const api = outer.filter((record) => !isIdentity(record));
  return {
    requests: api.length,
    inner: records.length - outer.length,
    units: records.reduce((sum, record) => sum + (isIdentity(record) ? 0 : record.units), 0),
    waves: longestChain(api),
    identity: outer.length - api.length,
    byOperation: countBy(records, (record) => record.operation),
    byStatus: countBy(records, (record) => String(record.status)),
  };
}

/** Selects records of the log. `since` is the id of a record, or milliseconds since 1970. */
export function selectRecords(
  records: readonly RequestRecord[],
  by: { vendor?: Vendor | undefined; account?: string | undefined; since?: number | undefined },
): readonly RequestRecord[] {
  const since = by.since ?? 0;
  return records.filter(
    (record) =>
      (by.vendor === undefined || record.vendor === by.vendor) &&
      (by.account === undefined || record.account === by.account) &&
      (since > 1e11 ? record.startedAt >= since : record.id > since),
  );
}

/** Requests for sign-in, tokens and keys are not mail traffic: they cost no quota and their answers are cached across pages. */
function isIdentity(record: RequestRecord): boolean {
  return /^(token|authorize|auth|revoke|certs|keys|openid|consent|discovery|instance)\b/i.test(record.operation);
}

/** Builds the longest chain greedily: the request that ends first leaves the most room for the next one. */
function longestChain(records: readonly RequestRecord[]): number {
  let waves = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const record of [...records].sort((a, b) => a.endedAt - b.endedAt)) {
    if (record.startedAt < end) continue;
    waves++;
    end = record.endedAt;
  }
  return waves;
}

function countBy(records: readonly RequestRecord[], key: (record: RequestRecord) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const record of records) counts[key(record)] = (counts[key(record)] ?? 0) + 1;
  return counts;
}
