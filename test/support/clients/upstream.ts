import type { TestApp } from '../app/app.ts';

export interface UpstreamRequest {
  readonly id: number;
  readonly vendor: string;
  readonly operation: string;
  /** The request that it came in; null outside a batch. */
  readonly batch: number | null;
  readonly path: string;
  /** Quota units. */
  readonly units: number;
}

/** What the accounts' sync asks, whenever it does, belongs to no page. It also asks how labels look and where a message went. */
const SYNC = /^(token|getProfile|watch|history\.list|(GET|POST|PATCH) \/subscriptions.*|GET .*\/delta)$/;
const SYNC_PATH = /\/labels\?fields=|\?\$select=id,parentFolderId(,createdDateTime)?$/;

/** What queries have asked the emulators for since their log was cleared. */
export async function upstream(app: TestApp): Promise<UpstreamRequest[]> {
  const { records } = await app.control<{ records: UpstreamRequest[] }>('/log');
  const rest = records.filter(({ operation, path }) => !SYNC.test(operation) && !SYNC_PATH.test(path));
  // A batch of nothing but that is the sync's too.
  const isEmptied = ({ id, batch }: UpstreamRequest) =>
    batch === null && records.some((r) => r.batch === id) && !rest.some((r) => r.batch === id);
  return rest.filter((record) => !isEmptied(record));
}

/** The requests as they went over the wire: a batch is one. */
export const outer = (all: readonly UpstreamRequest[]): string[] =>
  all.filter((r) => r.batch === null).map((r) => `${r.vendor} ${r.operation}`);
