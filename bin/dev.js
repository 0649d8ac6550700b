import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';

// `npm run dev`: as `npm start`, and again whenever a file of ours changes.
let child = start();
let timer;
for (const folder of ['src', 'sandbox']) {
  watch(folder, { recursive: true }, (_event, name) => {
    if (!name?.endsWith('.ts') || /[\\/](graphiql|prisma)[\\/]/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(restart, 100, name);
  });
}
// Ctrl-C reaches the child by itself.
process.on('SIGINT', async () => {
  await ended();
  process.exit(0);
});
process.on('SIGTERM', async () => {
  await stop();
  process.exit(0);
});

function start() {
  return spawn(process.execPath, ['bin/start.js'], { stdio: 'inherit' });
}

async function restart(name) {
  process.stdout.write(`\n${name} changed: starting again\n`);
  await stop();
  child = start();
}

async function stop() {
  child.kill('SIGTERM');
  await ended();
}

async function ended() {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
