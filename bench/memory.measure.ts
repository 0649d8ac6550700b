import { beside, type Measure } from './measure.ts';
import { inboxPage } from './pages.ts';
import { Load } from './warm/load.ts';
import { startPostern } from './warm/server.ts';

const CONNECTIONS = 8;
const [WARM_UP_REQUESTS, REQUESTS] = [1_000, 10_000];
const MB = 1_000_000;
/** A cache that is soon full, and a number of different pages that fill it before anything is measured. */
const CACHE_BYTES = 2_000_000;
const FILLING_REQUESTS = 600;

/**
 * Shows whether memory is kept for each request: the whole gateway over mail in memory with a full cache, after 1,000 and
 * after 10,000 pages. One document in each hundred requests is new, so that the cache of documents is measured too.
 */
export const memory: Measure = {
  name: 'memory',
  question: `What does the gateway hold after ${REQUESTS.toLocaleString('en-US')} requests?`,
  async run() {
    const load = new Load();
    const postern = await startPostern({ BENCH_CACHE_BYTES: `${CACHE_BYTES}` });
    const read = async () => {
      // The second collection frees what the first one finalises.
      await postern.child.ask('heap');
      return { heap: await postern.child.ask('heap'), rss: (await postern.child.ask('usage')).rssBytes };
    };
    const ask = async (from: number, to: number) => {
      for (let n = from; n < to; n += 100) {
        await load.run({ ...postern.order(), connections: CONNECTIONS, requests: 99 });
        const fresh = inboxPage().replace('query Inbox', `query Inbox${n}`);
        await load.run({ ...postern.order(fresh), connections: 1, requests: 1 });
      }
    };
    for (let n = 0; n < FILLING_REQUESTS; n++) {
      const before = new Date(Date.UTC(2027, 0, 1) + n * 60_000).toISOString();
      const page = inboxPage().replace('{ role: INBOX }', `{ role: INBOX, receivedBefore: "${before}" }`);
      await load.run({ ...postern.order(page), connections: 1, requests: 1 });
    }
    await ask(0, WARM_UP_REQUESTS);
    const few = await read();
    await ask(WARM_UP_REQUESTS, REQUESTS);
    const many = await read();
    await postern.child.stop();
    load.stop();
    const after = (bytes: number) => ({ what: `after ${WARM_UP_REQUESTS.toLocaleString('en-US')}`, value: bytes / MB });
    return [
      beside('resident, the embedded database included', many.rss / MB, 'MB', after(few.rss), {
        of: 'ratio',
        max: 1.05,
      }),
      beside('on the heap after a collection', many.heap / MB, 'MB', after(few.heap)),
    ];
  },
};
