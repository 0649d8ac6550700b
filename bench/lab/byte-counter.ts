import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Forwards TCP to a port of this machine and counts the bytes that come back, that is the size of the responses on the
 * wire.
 */
export class ByteCounter {
  received = 0;
  private readonly open = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(targetPort: number): Promise<ByteCounter> {
    const server = createServer({ noDelay: true });
    const counter = new ByteCounter(server);
    server.on('connection', (client) =>
      counter.pass(client, connect({ port: targetPort, host: '127.0.0.1', noDelay: true })),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return counter;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private pass(client: Socket, upstream: Socket): void {
    upstream.on('data', (chunk) => {
      this.received += chunk.length;
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.open.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.open.delete(socket);
        other.destroy();
      });
    }
  }
}
