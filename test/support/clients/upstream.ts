import type { TestApp } from '../app/app.ts';

export interface UpstreamRequest {
  readonly id: number;
  readonly vendor: string;
  readonly operation: string;
  /** The id of the batch that contained it. Null outside a batch. */
  readonly batch: number | null;
  readonly path: string;
  /** Quota units. */
  readonly units: number;
}

/** Requests of the accounts' sync, which belong to no page. The sync also reads the colours of labels and the folders of messages. */
const SYNC = /^(token|getProfile|watch|history\.list|(GET|POST|PATCH) \/subscriptions.*|GET .*\/delta)$/;
const SYNC_PATH = /\/labels\?fields=|\?\$select=id,parentFolderId(,createdDateTime)?$/;

/** Returns the requests that queries have caused at the emulators since their log was cleared. */
export async function upstream(app: TestApp): Promise<UpstreamRequest[]> {
  const { records } = await app.control<{ records: UpstreamRequest[] }>('/log');
  const rest = records.filter(({ operation, path }) => !SYNC.test(operation) && !SYNC_PATH.test(path));
  // A batch that contains nothing else belongs to the sync too.
  const isEmptied = ({ id, batch }: UpstreamRequest) =>
    batch === null && records.some((r) => r.batch === id) && !rest.some((r) => r.batch === id);
  return rest.filter((record) => !isEmptied(record));
}

/** Returns the HTTP requests, where a batch is one. */
export const outer = (all: readonly UpstreamRequest[]): string[] =>
  all.filter((r) => r.batch === null).map((r) => `${r.vendor} ${r.operation}`);
