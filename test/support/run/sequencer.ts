import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, the slowest first. A slow file that a worker begins last would delay the whole run. */
const SLOWEST = [
  'flow/submissions.restore',
  'flow/submissions.crash',
  'flow/rolling-restart',
  'flow/hostile-mail',
  'flow/submissions.drafts',
  'flow/account-problems',
  'flow/organising.thousand',
  'flow/search-oracle.everyday',
  'flow/search-oracle.random',
  'flow/search-oracle.cost',
  'flow/submissions',
  'flow/downloads',
  'unit/database.start',
  'flow/live-mail',
  'flow/arriving-mail',
  'flow/rate-limits',
  'flow/composing',
  'contract/organising',
  'unit/outlook-search.random',
  'flow/search-oracle.paging',
  'contract/thread-lists',
  'flow/uploads.memory',
  'flow/submissions.sending',
  'flow/paging',
  'flow/search-oracle.found',
  'flow/sync.crash',
  'flow/hanging-account',
  'unit/html.linear',
].map((name) => join('test', `${name}.test.ts`));

/** Orders the files. Without a cache of durations, as in a fresh clone, vitest would order them by size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const missing = SLOWEST.filter((path) => !existsSync(path));
    if (missing.length > 0)
      throw new Error(`test/support/run/sequencer.ts names what is not there: ${missing.join(', ')}`);
    const rank = ({ moduleId }: TestSpecification) => {
      const at = SLOWEST.findIndex((path) => moduleId.endsWith(path));
      return at === -1 ? SLOWEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
