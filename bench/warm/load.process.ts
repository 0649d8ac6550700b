import { Agent, request } from 'node:http';
import { type Delivered, NUMBER, type Order } from './order.ts';

// Orders arrive over IPC, one at a time.

/** No two requests have the same number, over all orders. */
let numbers = 0;

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

function ask(agent: Agent, { url, headers, body: template, status = 200 }: Order): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = template?.replace(NUMBER, `${numbers++}`) ?? null;
    const sent = request(url, {
      agent,
      method: body === null ? 'GET' : 'POST',
      headers: body === null ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    sent.on('response', (response) => {
      if (response.statusCode !== status) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume();
      response.on('end', resolve);
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}
