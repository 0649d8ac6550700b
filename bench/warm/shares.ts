import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Profile } from '../process/question.ts';

type Frame = Profile['nodes'][number]['callFrame'];

/** The owner of the code of a function, by its file. The first match applies. */
const OWNERS: readonly (readonly [string, RegExp])[] = [
  ['our server (src/server/)', /^src\/server\//],
  ['our rooms (the rest of src/)', /^(?:src|bench)\//],
  ['graphql-js', /node_modules\/graphql\//],
  ['type-graphql', /node_modules\/type-graphql\//],
  ['Apollo Server', /node_modules\/@(?:apollo|as-integrations)\//],
  ['Fastify', /node_modules\/(?:@fastify|fastify|find-my-way|avvio|light-my-request)\//],
  ['pino', /node_modules\/(?:pino|sonic-boom|thread-stream|quick-format-unescaped)/],
  ['JWT', /node_modules\/(?:jsonwebtoken|jws|jwa|semver)\//],
  ['other packages', /node_modules\//],
  ['Node: sockets and HTTP', /^node:(?:net|_http|internal\/(?:stream|http|net))/],
  ['Node: crypto', /^node:(?:internal\/)?crypto/],
];

/**
 * Returns the self time by owner as parts of the busy time, the largest first. Native time counts for the function that
 * called it.
 */
export function shares(profile: Profile): readonly { readonly owner: string; readonly share: number }[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])));
  const owners = new Map<number, string | null>();
  const ownerOf = (id: number): string | null => {
    const known = owners.get(id);
    if (known !== undefined) return known;
    const frame = nodes.get(id)?.callFrame;
    const parent = parents.get(id);
    const owner =
      (frame && ownerOfFrame(frame)) ?? (parent === undefined ? 'V8 and the rest of Node' : ownerOf(parent));
    owners.set(id, owner);
    return owner;
  };
  const spent = new Map<string, number>();
  profile.samples?.forEach((id, index) => {
    const owner = ownerOf(id);
    if (owner !== null && nodes.get(id)?.callFrame.functionName !== '(idle)') {
      spent.set(owner, (spent.get(owner) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
    }
  });
  spent.delete(PROFILER);
  const busy = [...spent.values()].reduce((sum, time) => sum + time, 0);
  return [...spent].map(([owner, time]) => ({ owner, share: time / busy })).sort((a, b) => b.share - a.share);
}

const PROFILER = 'the profiler itself';

function ownerOfFrame(frame: Frame): string | null {
  if (frame.functionName === '(garbage collector)') return 'garbage collection';
  if (frame.url === 'node:inspector') return PROFILER;
  const file = /\/dist\/bench\//.test(frame.url) ? bundledFrom(frame) : frame.url;
  return OWNERS.find(([, pattern]) => pattern.test(file))?.[0] ?? null;
}

const bundles = new Map<string, readonly string[]>();

/** Reads the path that esbuild writes above each of our files. */
function bundledFrom({ url, lineNumber }: Frame): string {
  const lines = bundles.get(url) ?? readFileSync(fileURLToPath(url), 'utf8').split('\n');
  bundles.set(url, lines);
  for (let line = lineNumber; line >= 0; line--) {
    const [, file] = /^\/\/ ((?:src|bench)\/\S+)$/.exec(lines[line] ?? '') ?? [];
    if (file) return file;
  }
  return 'src/';
}
