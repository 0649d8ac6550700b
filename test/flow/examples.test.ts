import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

function run(example: string): { child: ChildProcess; output: () => string } {
  const env = { ...process.env, POSTERN_URL: app.url };
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${example}`], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, output: () => output };
}

it('the script with typed documents lists, searches, and marks as read what it found', async () => {
  const { child, output } = run('typed-documents.ts');
  expect([await once(child, 'close'), output()]).toEqual([[0, null], expect.stringContaining('Marked as read:')]);
  const [, newest = '', found = '', marked = ''] = output().split(/^\S.*:$/m);
  expect(newest.trim().split('\n')).toHaveLength(5);
  expect(found).toContain('demo@gmail.example: ');
  expect(found).toContain('demo@outlook.example: ');
  expect(marked.trim().split('\n')).toHaveLength(3);
});

it('the terminal inbox shows the newest mail, then each that arrives, and no escape sequence of a stranger', async () => {
  const { child, output } = run('terminal-inbox.ts');
  await expect.poll(output).toContain('waiting for new mail');
  expect(output().trim().split('\n').length).toBe(11);
  const mail = { vendor: 'google', from: 'Live <live@example.org>', subject: 'for the \u001b[31mterminal', text: 'x' };
  const deliver = async () => {
    await app.control('/deliver', mail);
    return output();
  };
  await expect.poll(deliver, { interval: 300 }).toMatch(/\d\d:\d\d.* Gmail +Live +for the \[31mterminal\n/);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
