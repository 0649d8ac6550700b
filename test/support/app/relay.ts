import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './port.ts';

/** Stands between a client and a server that a test cannot stop, and has the bad days for it. */
export class Relay {
  /** Bytes go through; called with each piece, it may cut the pair. Pieces of what clients send say where they go. */
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

  /** As a server that is gone: connections end, and new ones are refused. */
  cut(): void {
    this.server?.close();
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  async restore(): Promise<void> {
    this.server = createServer((client) => this.join(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** As a firewall that drops connections: those there are take what is written to them and answer nothing. */
  freeze(): void {
    for (const [client, server] of this.pairs) {
      client.unpipe(server).resume();
      server.unpipe(client).resume();
    }
  }

  /** As a server that hangs: what is open stays open, what is new is accepted, and nothing goes through either way. */
  hang(): void {
    this.hanging = true;
    for (const [client, server] of this.pairs) {
      client.unpipe(server).pause();
      server.unpipe(client).pause();
    }
  }

  /** It goes on where it was. */
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
