import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, the slowest first. A slow file that a worker begins last would delay the whole run. */
const SLOWEST = [
  'flow/hostile-mail',
  'flow/account-problems',
  'flow/rolling-restart',
  'flow/sandbox-restart',
  'flow/search-oracle.lag',
  'flow/mail-events',
  'flow/change-feed.instances',
  'flow/submissions.crash',
  'flow/submissions.drafts',
  'contract/thread-lists',
  'flow/live-mail',
  'flow/search-oracle.everyday',
  'flow/search-oracle.cost',
  'unit/account-list',
  'flow/uploads.memory',
  'flow/submissions',
  'unit/html.linear',
  'flow/downloads',
  'flow/search-oracle.paging',
  'flow/cache',
  'contract/reconcile',
  'flow/submissions.sending',
  'flow/organising.thousand',
  'flow/search-oracle.random',
  'flow/connect-methods',
  'flow/submissions.restore',
  'unit/gmail-index-lag',
  'contract/organising',
  'flow/bad-day',
  'unit/outlook-search.random',
  'unit/database.start',
  'unit/outlook-paging',
  'unit/outlook-changes',
  'flow/cache.instances',
  'flow/arriving-mail',
  'unit/thread-pages',
  'flow/sse',
  'unit/queue',
  'flow/hanging-account',
  'contract/changes',
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
