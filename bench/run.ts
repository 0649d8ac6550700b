import { cpus } from 'node:os';
import { accounts } from './accounts.measure.ts';
import { day } from './day.measure.ts';
import { Lab } from './lab/lab.ts';
import { latency } from './latency.measure.ts';
import { live } from './live.measure.ts';
import { mailboxSize } from './mailbox-size.measure.ts';
import type { Bench, Measure } from './measure.ts';
import { memory } from './memory.measure.ts';
import { replay } from './replay.measure.ts';
import { start } from './start.measure.ts';
import { subscribers } from './subscribers.measure.ts';
import { type Result, table } from './table.ts';
import { upstream } from './upstream.measure.ts';
import { warm } from './warm.measure.ts';

/**
 * `npm run bench`, or `npm run bench -- NAME ...`, starts what it needs, measures, and prints a table and, as the last
 * line, the same data as JSON. Times depend on the machine and the moment; ratios within one run are comparable.
 */
const MEASURES: readonly Measure[] = [
  upstream,
  live,
  day,
  latency,
  warm,
  start,
  memory,
  replay,
  mailboxSize,
  accounts,
  subscribers,
];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !MEASURES.some((measure) => measure.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no ${unknown.join(', ')}; there are ${MEASURES.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

const opened = new Map<boolean, Promise<Lab>>();
const labOf = (isLive: boolean): Promise<Lab> => {
  const lab = opened.get(isLive) ?? Lab.start({ isLive });
  opened.set(isLive, lab);
  return lab;
};
const bench: Bench = { lab: () => labOf(false), liveLab: () => labOf(true) };
const results: Result[] = [];
try {
  for (const measure of MEASURES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    process.stderr.write(`${measure.name} ...`);
    const began = performance.now();
    const rows = await measure.run(bench).catch((error: Error) => {
      process.stderr.write(` failed: ${error.stack}\n`);
      process.exitCode = 1;
      return null;
    });
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    if (rows === null) continue;
    process.stderr.write(` ${seconds} s\n`);
    results.push({ name: measure.name, question: measure.question, rows, seconds });
  }
} finally {
  for (const lab of opened.values()) await (await lab).stop();
}
const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length };
process.stdout.write(`${table(results)}\n\n`);
process.stdout.write(
  `Node ${machine.node} on ${machine.cpus} x ${machine.cpu}. Times are of this run; compare ratios.\n`,
);
process.stdout.write(`${JSON.stringify({ machine, measures: results })}\n`);
process.exit();
