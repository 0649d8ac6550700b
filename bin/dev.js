import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { context } from 'esbuild';
import { copyAssets, OPTIONS } from './build.js';

// `npm run dev` does what `npm start` does, and starts again whenever a file of ours changes. `tsx watch` would stop
// the running program before it knows whether the change can be built. Here an error is printed, and the program keeps
// running.

/** A drain that takes longer is cut short. */
const DRAIN_TIMEOUT_MS = 2_000;

let running;

/** esbuild waits for this plugin before it builds again. @type {import('esbuild').Plugin} */
const restart = {
  name: 'restart',
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      if (errors.length > 0) {
        process.stdout.write('\nThe build failed: fix the error and save again\n');
        return;
      }
      if (running) process.stdout.write('\nA file has changed: restarting\n');
      await stop();
      copyAssets(OPTIONS.outdir);
      running = start();
    });
  },
};

const building = await context({ ...OPTIONS, plugins: [restart] });
await building.watch();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    await building.dispose();
    // Ctrl-C also reaches the program directly, which treats two signals at once as one.
    await stop();
    process.exit(0);
  });
}

function start() {
  const child = spawn(process.execPath, ['--max-semi-space-size=32', '--enable-source-maps', 'dist/main.js'], {
    stdio: 'inherit',
  });
  child.once('exit', (code) => {
    if (code !== 0 && !child.killed) process.stdout.write('The program has ended: it restarts when a file changes\n');
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
