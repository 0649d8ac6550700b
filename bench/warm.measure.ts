import { beside, type Measure, type Row } from './measure.ts';
import { interleaved, median } from './rounds.ts';
import { Load } from './warm/load.ts';
import { checkSamePage, type Server, startPeer, startPostern } from './warm/server.ts';
import { shares } from './warm/shares.ts';

const CONNECTIONS = 8;
/**
 * The warm-up counts requests instead of time, so that the code of each server is compiled before it is measured, even
 * on a busy machine.
 */
const WARM_UP = 1_000;
const ROUND_MS = 800;
const ROUNDS = 5;

/**
 * The cost of the gateway itself: the inbox page over mail in memory, compared with other servers that have the same
 * schema, query and objects. Each runs in a process of its own, and they get their requests alternately. CPU time for
 * each request is the steadier figure; requests per second also depend on other load of the machine.
 */
export const warm: Measure = {
  name: 'warm',
  question: 'How fast is a page whose objects are in memory?',
  async run() {
    const load = new Load();
    const [postern, bare, ...others] = await Promise.all([
      startPostern(),
      startPeer('graphql-js on node:http', 'bare.process.ts'),
      startPeer('the same, documents remembered', 'bare.process.ts', 'remember'),
      startPeer('graphql-yoga', 'yoga.process.ts'),
      startPeer('mercurius', 'mercurius.process.ts'),
      startPeer('mercurius with graphql-jit', 'mercurius.process.ts', 'jit'),
    ]);
    const peers = [bare, ...others];
    const servers = [postern, ...peers];
    await checkSamePage(servers);
    for (const server of servers) await load.run({ ...server.order(), connections: CONNECTIONS, requests: WARM_UP });
    const rounds = await interleaved(servers, ROUNDS, async ({ child, order }: Server) => {
      const before = (await child.ask('usage')).cpuMs;
      const { requests, ms } = await load.run({ ...order(), connections: CONNECTIONS, ms: ROUND_MS });
      const cpuMs = (await child.ask('usage')).cpuMs - before;
      return { perSecond: (requests * 1_000) / ms, perCpuSecond: (requests * 1_000) / cpuMs };
    });
    const where = await profileOf(postern, load);
    for (const server of servers) await server.child.stop();
    load.stop();

    const rows = (unit: string, kind: 'perSecond' | 'perCpuSecond') => {
      const figure = (server: Server) => median((rounds.get(server) ?? []).map((round) => round[kind]));
      return peers.map((peer): Row => {
        const budget: Row['budget'] = peer === bare ? { of: 'ratio', min: 0.8 } : undefined;
        return beside('inbox of 50', figure(postern), unit, { what: peer.name, value: figure(peer) }, budget);
      });
    };
    return [
      ...rows('requests/s', 'perSecond'),
      ...rows('requests/CPU-s', 'perCpuSecond'),
      ...where.map(
        ({ owner, share }): Row => ({ what: `where the time goes: ${owner}`, value: share * 100, unit: '%' }),
      ),
    ];
  },
};

async function profileOf({ child, order }: Server, load: Load) {
  await child.ask('profile-start');
  await load.run({ ...order(), connections: CONNECTIONS, ms: 2 * ROUND_MS });
  return shares(await child.ask('profile-stop'));
}
