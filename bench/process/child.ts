import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { built, ROOT } from './built.ts';
import type { Answers, Question } from './question.ts';

/** A process of the bench, so that its resources are measured separately. serve.ts runs inside it. */
export class Child {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** Builds and starts a module of bench/ as `npm start` does with the gateway, and waits until it listens. */
  static async start(module: string, env: NodeJS.ProcessEnv = {}, args: readonly string[] = []): Promise<Child> {
    const child = fork(await built(`bench/${module}`), args, {
      cwd: ROOT,
      execArgv: ['--max-semi-space-size=32', '--expose-gc', '--enable-source-maps'],
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`${module} ended with ${code} before it listened`);
    });
    const [{ url }] = (await Promise.race([once(child, 'message'), failed])) as [{ url: string }];
    failed.catch(() => {});
    return new Child(child, url);
  }

  async ask<Q extends Question>(question: Q): Promise<Answers[Q]> {
    this.process.send(question);
    for (;;) {
      const [message] = (await once(this.process, 'message')) as [{ question: Question; answer: Answers[Q] }];
      if (message.question === question) return message.answer;
    }
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.send('stop');
    await exited;
  }
}
