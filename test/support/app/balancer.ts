import { get } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

interface Instance {
  readonly port: number;
  readonly clients: Set<Socket>;
  ready: boolean;
  gone: boolean;
}

/** Milliseconds between two checks of an instance, which has a second to answer. */
const PROBE_INTERVAL_MS = 200;

/**
 * A simple load balancer. It polls /ready, passes each new connection to the ready instances in turn, and holds it while there
 * is none. It repeats no request and moves no connection, so a failure of an instance reaches the client.
 */
export class Balancer {
  private readonly instances: Instance[] = [];
  private readonly waiting: Socket[] = [];
  private readonly server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.take(client));
  private turns = 0;

  static async open(): Promise<Balancer> {
    const balancer = new Balancer();
    await new Promise<void>((resolve) => balancer.server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when the instance is ready and receives connections. */
  async add(port: number): Promise<void> {
    const instance: Instance = { port, clients: new Set(), ready: false, gone: false };
    this.instances.push(instance);
    await new Promise<void>((resolve) => void this.watch(instance, resolve));
  }

  remove(port: number): void {
    const index = this.instances.findIndex((instance) => instance.port === port);
    for (const instance of this.instances.splice(index, 1)) instance.gone = true;
  }

  /** Removes an instance and ends its connections. */
  cut(port: number): void {
    const clients = this.instances.find((instance) => instance.port === port)?.clients ?? [];
    this.remove(port);
    for (const client of clients) client.destroy();
  }

  close(): void {
    for (const { port } of [...this.instances]) this.remove(port);
    for (const client of this.waiting) client.destroy();
    this.server.close();
  }

  private async watch(instance: Instance, admitted: () => void): Promise<void> {
    while (!instance.gone) {
      instance.ready = await isReady(instance.port);
      if (instance.ready) {
        admitted();
        for (const client of this.waiting.splice(0)) this.take(client);
      }
      await delay(PROBE_INTERVAL_MS);
    }
  }

  private take(client: Socket): void {
    const ready = this.instances.filter((instance) => instance.ready && !instance.gone);
    const instance = ready[this.turns++ % ready.length];
    if (!instance) {
      this.waiting.push(client);
      return;
    }
    instance.clients.add(client);
    client.once('close', () => instance.clients.delete(client));
    join(client, connect({ port: instance.port, host: '127.0.0.1', allowHalfOpen: true }));
  }
}

/** Ends each connection of a pair in the way in which the other one ended. */
function join(client: Socket, instance: Socket): void {
  client.setNoDelay(true);
  instance.setNoDelay(true);
  client.on('error', () => instance.resetAndDestroy());
  instance.on('error', () => client.resetAndDestroy());
  client.on('close', () => instance.destroy());
  client.pipe(instance).pipe(client);
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: '/ready', agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .on('timeout', function (this: { destroy(): void }) {
        this.destroy();
      })
      .on('error', () => resolve(false));
  });
}
