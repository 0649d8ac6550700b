import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Delivered, Order } from './order.ts';

/** The load generator, in a process of its own. */
export class Load {
  private readonly process: ChildProcess = fork(fileURLToPath(new URL('load.process.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  });
  private readonly failed = once(this.process, 'exit').then((): never => {
    throw new Error('a server gave an unexpected response; see above');
  });

  constructor() {
    this.failed.catch(() => {});
  }

  async run(order: Order): Promise<Delivered> {
    this.process.send(order);
    const [delivered] = (await Promise.race([once(this.process, 'message'), this.failed])) as [Delivered];
    return delivered;
  }

  stop(): void {
    this.process.disconnect();
  }
}
