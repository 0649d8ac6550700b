import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** A tree of a small program, which the real bin/ starts. */
let tree: string;
const started: Run[] = [];
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'postern-start-'));
  for (const path of ['bin', 'package.json', 'tsconfig.json']) cpSync(path, join(tree, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'));
  for (const folder of ['src', 'sandbox']) mkdirSync(join(tree, folder));
  write('src/main.ts', MAIN);
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
  private heard = () => {};

  constructor(program: string) {
    this.child = spawn(process.execPath, [program], {
      cwd: tree,
      env: { ...process.env, NODE_ENV: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
        this.heard();
      });
    }
    this.exit = once(this.child, 'close').then(([code]) => code as number | null);
    started.push(this);
  }

  /** Waits until the output has it; rejects when the process is gone without. */
  async says(text: string): Promise<void> {
    const gone = this.exit.then(() => 'gone');
    while (!this.output.includes(text)) {
      const more = new Promise<string>((go) => {
        this.heard = () => go('more');
      });
      if ((await Promise.race([more, gone])) === 'gone' && !this.output.includes(text)) {
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
  const run = new Run('bin/start.js');
  return { code: await run.exit, output: run.output };
};

it('npm start runs the sources as they are: changed, put back, with another build in between, or broken', async () => {
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

it('npm start reads .env, and what the environment has wins', async () => {
  write('src/main.ts', "console.log(process.env.FROM_FILE, process.env.PATH !== 'from the file');\n");
  write('.env', "# Settings\nFROM_FILE='of the file'\nPATH='from the file'\n");
  expect((await start()).output).toBe('of the file true\n');
});

it('npm start takes .env with a byte order mark, and refuses one that it cannot read with one line that shows nothing of it', async () => {
  write('src/main.ts', 'console.log(process.env.FROM_FILE);\n');
  write('.env', '\ufeffFROM_FILE=of the file\r\n');
  expect((await start()).output).toBe('of the file\n');
  write('.env', '\n  # FROM_FILE=x\n');
  expect((await start()).output).toBe('undefined\n');
  for (const wrong of ['FROM_FILE: hunter2\n', 'FROM_FILE: hunter2=\n', 'FROM FILE=hunter2\n']) {
    write('.env', wrong);
    expect(await start()).toEqual({ code: 1, output: '.env: a line of it sets nothing; each is NAME=value\n' });
  }
  writeFileSync(join(tree, '.env'), Buffer.from('\ufeffFROM_FILE=hunter2\n', 'utf16le'));
  expect(await start()).toMatchObject({ code: 1, output: expect.stringMatching(/^\.env: [^\n]*UTF-8\n$/) });
  rmSync(join(tree, '.env'));
  mkdirSync(join(tree, '.env'));
  expect(await start()).toMatchObject({ code: 1, output: expect.stringMatching(/^\.env: [^\n]*directory[^\n]*\n$/) });
});

it('a stack trace names the source', async () => {
  write('src/main.ts', "type Far = string;\n\nconst far: Far = 'far';\nconsole.log(new Error(far).stack);\n");
  expect((await start()).output).toContain(`${join(tree, 'src/main.ts')}:4:13`);
});

it('npm run dev starts again on a change, outlives a broken one, and ends with all that it started', async () => {
  say('one');
  const dev = new Run('bin/dev.js');
  await dev.says('one runs');
  say('two');
  await dev.says('two runs');
  write('src/word.ts', "export const word = 'half\n");
  await dev.says('word.ts changed, and cannot be built');
  expect(dev.output).toContain('Unterminated string literal');
  expect(dev.output).not.toContain('two ends');
  write('src/main.ts', `${MAIN}throw new Error('at once');\n`);
  say('three');
  await dev.says('It has ended');
  write('src/main.ts', MAIN);
  say('four');
  await dev.says('four runs');
  expect(await dev.stop('SIGINT')).toBe(0);
  // Each was gone before the next began, which needs its port and its data.
  const order = dev.output.match(/^\w+ (?:runs|ends)$/gm);
  expect(order?.filter((line) => !line.startsWith('three'))).toEqual(
    ['one', 'two', 'four'].flatMap((word) => [`${word} runs`, `${word} ends`]),
  );
});
