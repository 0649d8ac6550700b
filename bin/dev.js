import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { bundle } from './build.js';

// `npm run dev`: as `npm start`, and again whenever a file of ours changes. A change that cannot be built is told, and
// what ran before goes on running.

/** An editor writes a file in more than one step, and a checkout many files. */
const SETTLE_MS = 50;
/** A drain that takes longer is cut short. */
const PATIENCE_MS = 2_000;

let running = begin(load());
/** Has loaded the packages, and waits for its turn. */
let next;
let changed;
let busy = false;

for (const folder of ['src', 'sandbox']) {
  watch(folder, { recursive: true }, (_event, name) => {
    if (!name?.endsWith('.ts') || /(^|[\\/])(graphiql|prisma)[\\/]/.test(name)) return;
    changed = name;
    if (!busy) void follow();
  });
}
// The packages that the next one has loaded are not those that are installed now.
watch('.', (_event, name) => {
  if (name !== 'package-lock.json') return;
  next?.kill();
  next = undefined;
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    next?.kill();
    // Ctrl-C reaches it by itself too; it takes two signals at once for one.
    await stop(running);
    process.exit(0);
  });
}

async function follow() {
  busy = true;
  while (changed) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const name = changed;
    changed = undefined;
    try {
      await bundle();
    } catch {
      process.stdout.write(`\n${name} changed, and cannot be built: mend it and save again\n`);
      continue;
    }
    process.stdout.write(`\n${name} changed: starting again\n`);
    await stop(running);
    running = begin(next?.connected ? next : load());
    next = undefined;
  }
  busy = false;
}

function load() {
  return spawn(process.execPath, ['--max-semi-space-size=32', 'bin/start.js'], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
}

function begin(child) {
  child.send('begin');
  child.once('message', () => {
    if (child === running) next ??= load();
  });
  child.once('exit', (code) => {
    if (code !== 0 && !child.killed) process.stdout.write('It has ended: it starts again when a file changes\n');
  });
  return child;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGTERM'), PATIENCE_MS);
  await exited;
  clearTimeout(impatient);
}
