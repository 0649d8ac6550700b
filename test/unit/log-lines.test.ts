import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { LogLines } from '../../src/platform/log-lines.ts';

const run = promisify(execFile);
const LOG = fileURLToPath(new URL('../../src/platform/log.ts', import.meta.url));

describe('the lines of a log', () => {
  const written: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    written.length = 0;
  });
  afterEach(() => vi.useRealTimers());
  const open = () => {
    const lines = new LogLines({ write: (text) => void written.push(text) });
    return { lines, log: createLog('info', lines) };
  };
  const words = () => written.map((text) => [...text.matchAll(/"msg":"(\w+)"/g)].map(([, word]) => word));

  it('are written at once after a pause, and together while others come', () => {
    const { log } = open();
    log.info('one');
    expect(words()).toEqual([['one']]);
    log.info('two');
    log.child({ requestId: 'a' }).info('three');
    expect(words()).toEqual([['one']]);
    vi.advanceTimersByTime(1_000);
    expect(words()).toEqual([['one'], ['two', 'three']]);
    log.info('four');
    expect(words().at(-1)).toEqual(['four']);
  });

  it('are written at once with a warning, also of a child, and in their order', () => {
    const { log } = open();
    log.info('one');
    log.info('two');
    log.child({ requestId: 'a' }).warn('three');
    expect(words()).toEqual([['one'], ['two', 'three']]);
    log.info('four');
    log.error('five');
    expect(words().at(-1)).toEqual(['four', 'five']);
  });

  it('do not wait without bound', () => {
    const { log } = open();
    for (let n = 0; n < 1_000; n++) log.info('x'.repeat(100));
    expect(written.join('').length).toBeGreaterThan(100_000);
    expect(vi.getTimerCount()).toBe(1);
  });
});

it.each([
  ['throws', 'throw new Error("of nobody")', 7],
  ['rejects a promise', 'Promise.reject(new Error("of nobody"))', 7],
  ['exits', 'process.exit(3)', 3],
  ['has nothing to do any more', '', 0],
  [
    'is stopped by a signal that it handles',
    'process.on("SIGTERM", () => { log.info("stopping"); process.exit(4); }); process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    4,
  ],
])('no line of a process is lost that %s', async (_what, end, code) => {
  const source = `const { createLog } = await import(${JSON.stringify(LOG)});
    const log = createLog('info');
    process.on('exit', (code) => { if (code === 1) process.exitCode = 7; });
    for (let n = 0; n < 50; n++) log.info({ n }, 'a line');
    ${end}`;
  const { stdout, status } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source]).then(
    ({ stdout }) => ({ stdout, status: 0 }),
    (error: { stdout: string; code: number }) => ({ stdout: error.stdout, status: error.code }),
  );
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.flatMap(({ n }) => n ?? [])).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(status).toBe(code);
  if (code === 4) expect(lines.at(-1)).toMatchObject({ msg: 'stopping' });
});
