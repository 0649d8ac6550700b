import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './port.ts';

/** A TCP relay before a server that a test cannot stop. It plays the failures of the network and of the server. */
export class Relay {
  /** Called with each piece that passes. It may cut the pair of connections. */
  onPiece: ((piece: Buffer, cut: () => void) => void) | null = null;
  private hanging = false;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private server: Server | null = null;

  private constructor(
    private readonly target: URL,
    private readonly port: number,
  ) {}

  static async open(target: string): Promise<Relay> {
    const relay = new Relay(new URL(target), await freePort());
    await relay.restore();
    return relay;
  }

  get url(): string {
    return Object.assign(new URL(this.target), { host: `127.0.0.1:${this.port}` }).href;
  }

  /** Plays a server that has stopped: connections end, and new ones are refused. */
  cut(): void {
    this.server?.close();
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  async restore(): Promise<void> {
    this.server = createServer((client) => this.join(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Plays a firewall that drops connections: the existing ones accept bytes and never answer. */
  freeze(): void {
    for (const [client, server] of this.pairs) {
      client.unpipe(server).resume();
      server.unpipe(client).resume();
    }
  }

  /** Plays a server that hangs: connections stay open, new ones are accepted, and no bytes pass in either direction. */
  hang(): void {
    this.hanging = true;
    for (const [client, server] of this.pairs) {
      client.unpipe(server).pause();
      server.unpipe(client).pause();
    }
  }

  /** Lets the bytes pass again, from where they stopped. */
  resume(): void {
    this.hanging = false;
    for (const [client, server] of this.pairs) {
      client.pipe(server);
      server.pipe(client);
    }
  }

  private join(client: Socket): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    const pair = [client, server] as const;
    this.pairs.add(pair);
    const end = () => {
      for (const socket of pair) socket.destroy();
      this.pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    const heed = (piece: Buffer) => this.onPiece?.(piece, () => client.resetAndDestroy());
    if (this.hanging) {
      client.pause();
      server.pause();
      return;
    }
    client.on('data', heed).pipe(server);
    server.on('data', heed).pipe(client);
  }
}
