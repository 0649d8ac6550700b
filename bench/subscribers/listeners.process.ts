import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/**
 * Holds many WebSockets, and says when the messages of an event have arrived. It reads frames itself, because a client library
 * would take longer for a message than the servers that are measured.
 */
export interface Opening {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly protocol: string | null;
  /** The messages that are sent on each connection as soon as it is open. */
  readonly greetings: readonly string[];
  readonly connections: number;
}
export type ListenersOrder =
  | { readonly open: readonly Opening[] }
  /** Waits for this number of messages. */
  | { readonly expect: number };
export interface Arrival {
  readonly firstAt: number;
  readonly lastAt: number;
  /** The text of the latest message. */
  readonly text: string;
}

const NEXT = Buffer.from('"type":"next"');
const sockets: Socket[] = [];
let counted = 0;
let firstAt = 0;
let lastAt = 0;
let text = '';
let arrived: (() => void) | null = null;

process.on('message', async (order: ListenersOrder) => {
  if ('open' in order) {
    for (const opening of order.open) for (let n = 0; n < opening.connections; n++) sockets.push(await open(opening));
    process.send?.('opened');
    return;
  }
  while (counted < order.expect) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
  counted -= order.expect;
  process.send?.({ firstAt, lastAt, text } satisfies Arrival);
});
process.on('disconnect', () => process.exit(0));

function open({ host, port, path, protocol, greetings }: Opening): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    socket.on('error', reject);
    const offered = protocol === null ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${offered}\r\n`,
    );
    socket.once('data', (head) => {
      if (!String(head).startsWith('HTTP/1.1 101')) return reject(new Error(`the server answered ${head}`));
      read(socket);
      const [first, ...others] = greetings;
      if (first === undefined) return resolve(socket);
      send(socket, first);
      socket.once('data', () => {
        for (const greeting of others) send(socket, greeting);
        resolve(socket);
      });
    });
  });
}

function read(socket: Socket): void {
  let rest: Buffer | null = null;
  socket.on('data', (chunk: Buffer) => {
    const data: Buffer = rest ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (data.length - at >= 2) {
      const short = (data[at + 1] ?? 0) & 0x7f;
      const start = at + (short < 126 ? 2 : 4);
      if (data.length < start) break;
      const end = start + (short < 126 ? short : data.readUInt16BE(at + 2));
      if (data.length < end) break;
      receive(socket, (data[at] ?? 0) & 0x0f, data.subarray(start, end));
      at = end;
    }
    rest = at < data.length ? data.subarray(at) : null;
  });
}

function receive(socket: Socket, opcode: number, payload: Buffer): void {
  if (opcode === 9) send(socket, payload, 10);
  if (opcode !== 1 || !payload.subarray(0, 64).includes(NEXT)) return;
  lastAt = performance.now();
  if (counted === 0) {
    firstAt = lastAt;
    text = String(payload);
  }
  counted++;
  arrived?.();
}

/** Clients mask what they send (RFC 6455, section 5.3). A mask of zeros leaves the bytes as they are. */
function send(socket: Socket, message: string | Buffer, opcode = 1): void {
  const payload = Buffer.from(message);
  const isShort = payload.length < 126;
  const head = Buffer.alloc(isShort ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (isShort ? payload.length : 126);
  if (!isShort) head.writeUInt16BE(payload.length, 2);
  socket.write(Buffer.concat([head, payload]));
}
