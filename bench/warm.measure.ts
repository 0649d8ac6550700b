import { beside, type Measure, type Row } from './measure.ts';
import { interleaved, median } from './rounds.ts';
import { Load } from './warm/load.ts';
import { checkSamePage, revalidated, type Server, startPeer, startPostern, varied } from './warm/server.ts';
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
 * schema, query and objects. The objects are in the cache of the gateway. The same request again may be given a kept
 * answer; a varied one has to be executed. Each runs in a process of its own, and they get their requests alternately. CPU time for
 * each request is the steadier figure; requests per second also depend on other load of the machine.
 */
export const warm: Measure = {
  name: 'warm',
  question: 'How fast is a page that is in memory?',
  async run() {
    const load = new Load();
    const [postern, bare, yoga, ...others] = await Promise.all([
      startPostern(),
      startPeer('graphql-js on node:http', 'bare.process.ts'),
      startPeer('graphql-yoga', 'yoga.process.ts'),
      startPeer('graphql-js on node:http, documents remembered', 'bare.process.ts', 'remember'),
      startPeer('mercurius', 'mercurius.process.ts'),
      startPeer('mercurius with graphql-jit', 'mercurius.process.ts', 'jit'),
    ]);
    const peers = [bare, yoga, ...others];
    const [objects, again] = [varied(postern), await revalidated(postern)];
    await checkSamePage([postern, objects, ...peers]);
    const servers = [postern, objects, again, ...peers];
    for (const server of servers) await load.run({ ...server.order(), connections: CONNECTIONS, requests: WARM_UP });
    const rounds = await interleaved(servers, ROUNDS, async ({ child, order }: Server) => {
      const before = (await child.ask('usage')).cpuMs;
      const { requests, ms } = await load.run({ ...order(), connections: CONNECTIONS, ms: ROUND_MS });
      const cpuMs = (await child.ask('usage')).cpuMs - before;
      return { perSecond: (requests * 1_000) / ms, perCpuSecond: (requests * 1_000) / cpuMs };
    });
    const where = await profileOf(objects, load);
    for (const { child } of [postern, ...peers]) await child.stop();
    load.stop();

    const rows = (unit: string, kind: 'perSecond' | 'perCpuSecond') => {
      const figure = (server: Server) => median((rounds.get(server) ?? []).map((round) => round[kind]));
      const row = (what: string, ours: Server, peer: Server, min?: number) =>
        beside(
          what,
          figure(ours),
          unit,
          { what: peer.name, value: figure(peer) },
          min ? { of: 'ratio', min } : undefined,
        );
      return [
        row('the same inbox again', postern, bare, 4),
        row(`the same by ${again.name}`, again, bare, 8),
        row('its objects cached, its answer not', objects, yoga, 1),
        ...peers
          .filter((peer) => peer !== yoga)
          .map((peer) => row('its objects cached, its answer not', objects, peer)),
      ];
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
