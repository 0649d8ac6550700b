import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadEnvFile } from '../../src/env-file.ts';

/** The folder of a small program, which the real bin/ starts. */
let tree: string;
const started: Run[] = [];
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'postern-start-'));
  for (const path of ['bin', 'package.json', 'tsconfig.json']) cpSync(path, join(tree, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'));
  for (const folder of ['src', 'sandbox']) mkdirSync(join(tree, folder));
  write('src/main.ts', MAIN);
  write('src/invite.command.ts', 'export {};\n');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((run) => run.stop()));
  rmSync(tree, { recursive: true, force: true });
});

const MAIN = `
import { word } from './word.ts';
process.on('SIGTERM', () => { console.log(word, 'ends'); process.exit(0); });
console.log(word, 'runs');
if (word !== 'once') setInterval(() => {}, 1000);
`;
const write = (path: string, text: string) => writeFileSync(join(tree, path), text);
const say = (word: string) => write('src/word.ts', `export const word: string = '${word}';\n`);

class Run {
  output = '';
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;
  private onOutput = () => {};

  constructor(script: 'start' | 'dev') {
    const { scripts } = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'));
    this.child = spawn(scripts[script], {
      shell: true,
      cwd: tree,
      env: { ...process.env, NODE_ENV: '', PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
        this.onOutput();
      });
    }
    this.exit = once(this.child, 'close').then(([code]) => code as number | null);
    started.push(this);
  }

  /** Waits until the output contains the text, and rejects when the process ends without it. */
  async says(text: string): Promise<void> {
    const ended = this.exit.then(() => 'ended');
    while (!this.output.includes(text)) {
      const more = new Promise<string>((go) => {
        this.onOutput = () => go('more');
      });
      if ((await Promise.race([more, ended])) === 'ended' && !this.output.includes(text)) {
        throw new Error(`it ended without "${text}":\n${this.output}`);
      }
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.exit;
  }
}

const start = async () => {
  const run = new Run('start');
  return { code: await run.exit, output: run.output };
};

it('npm start runs the sources as they are: changed, changed back, with another build in between, or broken', async () => {
  say('once');
  expect(await start()).toMatchObject({ code: 0, output: 'once runs\n' });
  expect(await start()).toMatchObject({ code: 0, output: 'once runs\n' });
  write('src/main.ts', "console.log('other');\n");
  expect((await start()).output).toBe('other\n');
  write('src/main.ts', MAIN);
  expect((await start()).output).toBe('once runs\n');
  write('dist/main.js', "console.log('not ours');\n");
  expect((await start()).output).toBe('once runs\n');
  write('src/word.ts', "export const word = 'half\n");
  const broken = await start();

  expect(broken.code).toBe(1);
  expect(broken.output).toMatch(/Unterminated string literal[\s\S]*src\/word\.ts:1/);
  expect(broken.output).not.toContain('runs');
  rmSync(join(tree, 'src/word.ts'));
  expect((await start()).code).toBe(1);
});

it('.env sets what the environment does not', () => {
  write('.env', "# Settings\nFROM_FILE='of the file'\nPATH='from the file'\n");
  const env = { PATH: '/bin' };
  loadEnvFile(join(tree, '.env'), env);
  expect(env).toEqual({ PATH: '/bin', FROM_FILE: 'of the file' });
});

it('.env may begin with a byte order mark; one that cannot be read is refused with one line that shows none of it', () => {
  const load = () => {
    const env: NodeJS.ProcessEnv = {};
    loadEnvFile(join(tree, '.env'), env);
    return env.FROM_FILE;
  };
  expect(load()).toBeUndefined();
  write('.env', '\ufeffFROM_FILE=of the file\r\n');
  expect(load()).toBe('of the file');
  write('.env', '\n  # FROM_FILE=x\n');
  expect(load()).toBeUndefined();
  for (const wrong of ['FROM_FILE: hunter2\n', 'FROM_FILE: hunter2=\n', 'FROM FILE=hunter2\n']) {
    write('.env', wrong);
    expect(load).toThrow(/^\.env: a line of it sets nothing; each is NAME=value$/);
  }
  writeFileSync(join(tree, '.env'), Buffer.from('\ufeffFROM_FILE=hunter2\n', 'utf16le'));
  expect(load).toThrow(/^\.env: [^\n]*UTF-8$/);
  rmSync(join(tree, '.env'));
  mkdirSync(join(tree, '.env'));
  expect(load).toThrow(/^\.env: [^\n]*directory[^\n]*$/);
});

it('files that the program reads beside it are as in the tree, and none is from an earlier build', async () => {
  say('once');
  mkdirSync(join(tree, 'prisma/migrations/1_init'), { recursive: true });
  write('prisma/migrations/1_init/migration.sql', 'SELECT 1;\n');
  mkdirSync(join(tree, 'dist/migrations/2_of_another_branch'), { recursive: true });
  await start();
  expect(readFileSync(join(tree, 'dist/migrations/1_init/migration.sql'), 'utf8')).toBe('SELECT 1;\n');
  expect(existsSync(join(tree, 'dist/migrations/2_of_another_branch'))).toBe(false);
});

it('a stack trace names the source', async () => {
  write('src/main.ts', "type Far = string;\n\nconst far: Far = 'far';\nconsole.log(new Error(far).stack);\n");
  expect((await start()).output).toContain(`${join(tree, 'src/main.ts')}:4:13`);
});

it('npm run dev restarts on a change, survives a broken one, and ends with all that it started', async () => {
  say('one');
  const dev = new Run('dev');
  await dev.says('one runs');
  say('two');
  await dev.says('two runs');
  write('src/word.ts', "export const word = 'half\n");
  await dev.says('The build failed');
  expect(dev.output).toMatch(/Unterminated string literal[\s\S]*src\/word\.ts:1/);
  expect(dev.output).not.toContain('two ends');
  write('src/main.ts', `${MAIN}throw new Error('at once');\n`);
  say('three');
  await dev.says('The program has ended');
  write('src/main.ts', MAIN);
  say('four');
  await dev.says('four runs');
  expect(await dev.stop('SIGINT')).toBe(0);
  // Each program ended before the next one began, which needs its port and its data.
  const order = dev.output.match(/^\w+ (?:runs|ends)$/gm);
  expect(order?.filter((line) => !line.startsWith('three'))).toEqual(
    ['one', 'two', 'four'].flatMap((word) => [`${word} runs`, `${word} ends`]),
  );
});
