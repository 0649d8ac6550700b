import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Arrival, ListenersOrder, Opening } from './listeners.process.ts';

/** The clients of a server, in a process of their own. */
export class Listeners {
  private readonly process: ChildProcess = fork(fileURLToPath(new URL('listeners.process.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  });
  private readonly failed = once(this.process, 'exit').then((): never => {
    throw new Error('a subscriber was refused; see above');
  });

  constructor() {
    this.failed.catch(() => {});
  }

  async open(openings: readonly Opening[]): Promise<void> {
    await this.order({ open: openings });
  }

  /** Calls `deliver`, and resolves when so many messages have arrived. */
  async receive(count: number, deliver: () => Promise<unknown>): Promise<Arrival> {
    const arrival = this.order<Arrival>({ expect: count });
    await deliver();
    return arrival;
  }

  stop(): void {
    this.process.disconnect();
  }

  private async order<T>(order: ListenersOrder): Promise<T> {
    this.process.send(order);
    const [answer] = (await Promise.race([once(this.process, 'message'), this.failed])) as [T];
    return answer;
  }
}
