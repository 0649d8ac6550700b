import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { context } from 'esbuild';
import { copyAssets, OPTIONS } from './build.js';

// `npm run dev`: as `npm start`, and again whenever a file of ours changes. `tsx watch` would stop what runs before it
// knows whether the change can be built; here that is told, and what ran before goes on running.

/** A drain that takes longer is cut short. */
const DRAIN_TIMEOUT_MS = 2_000;

let running;

/** esbuild waits for it before it builds again. @type {import('esbuild').Plugin} */
const restart = {
  name: 'restart',
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      if (errors.length > 0) {
        process.stdout.write('\nThis cannot be built: mend it and save again\n');
        return;
      }
      if (running) process.stdout.write('\nA file changed: starting again\n');
      await stop();
      running = start();
    });
  },
};

copyAssets(OPTIONS.outdir);
const building = await context({ ...OPTIONS, plugins: [restart] });
await building.watch();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    await building.dispose();
    // Ctrl-C reaches it by itself too; it takes two signals at once for one.
    await stop();
    process.exit(0);
  });
}

function start() {
  const child = spawn(process.execPath, ['--max-semi-space-size=32', 'dist/main.js'], { stdio: 'inherit' });
  child.once('exit', (code) => {
    if (code !== 0 && !child.killed) process.stdout.write('It has ended: it starts again when a file changes\n');
  });
  return child;
}

async function stop() {
  if (!running || running.exitCode !== null || running.signalCode !== null) return;
  const exited = once(running, 'exit');
  running.kill('SIGTERM');
  const timer = setTimeout(() => running.kill('SIGTERM'), DRAIN_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
