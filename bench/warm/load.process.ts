import { Agent, request } from 'node:http';

/**
 * Sends the same request to one server over a few connections, as fast as it answers. Orders arrive over IPC, one at a
 * time.
 */
export interface Order {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly connections: number;
  /** The end of the order: a number of responses, or a time. */
  readonly requests?: number;
  readonly ms?: number;
}
export interface Delivered {
  readonly requests: number;
  readonly ms: number;
}

process.on('message', async (order: Order) => {
  const agent = new Agent({ keepAlive: true, maxSockets: order.connections });
  const began = performance.now();
  let sent = 0;
  let answered = 0;
  const goesOn = () =>
    order.requests === undefined ? performance.now() - began < (order.ms ?? 0) : sent < order.requests;
  const connection = async () => {
    while (goesOn()) {
      sent++;
      await ask(agent, order);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: order.connections }, connection));
  const ms = performance.now() - began;
  agent.destroy();
  process.send?.({ requests: answered, ms } satisfies Delivered);
});
process.on('disconnect', () => process.exit(0));

function ask(agent: Agent, { url, headers, body }: Order): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    sent.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume();
      response.on('end', resolve);
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
