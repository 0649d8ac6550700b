import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFaults } from './faults.ts';
import { createPoster } from './post.ts';

describe('webhooks', () => {
  const close: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of close.splice(0)) await end();
  });
  async function receiver(statuses: number[]) {
    const got: string[] = [];
    const server = createServer((request, response) => {
      got.push(String(request.headers['x-test']));
      response.writeHead(statuses.shift() ?? 204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close.push(() => new Promise((resolve) => server.close(() => resolve())));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
  }
  it('are retried until they are accepted, lost or repeated by a fault, and sent to loopback addresses only', async () => {
    const faults = createFaults();
    const lines: string[] = [];
    const poster = createPoster({ faults, log: (line) => lines.push(line), retryMs: [5, 5] });
    close.push(() => poster.close());
    const { url, got } = await receiver([500, 403, 202]);
    const send = (name: string, to = url) =>
      poster.post('google', 'a@x.example', to, { headers: { 'x-test': name }, body: '{}' });

    send('one');
    await expect.poll(() => got).toEqual(['one', 'one', 'one']);
    faults.add({ vendor: 'google', webhook: 'lose', times: 1 });
    send('lost');
    faults.add({ vendor: 'google', webhook: 'repeat', times: 1 });
    send('twice');
    send('far', 'http://192.0.2.1/hook');
    send('near', 'http://localhost.example/hook');
    send('last');
    await expect.poll(() => got.slice(3).sort()).toEqual(['last', 'twice', 'twice']);
    expect(lines).toHaveLength(2);
  });

  it('are given up after a few tries, with one line in the log', async () => {
    const lines: string[] = [];
    const poster = createPoster({ faults: createFaults(), log: (line) => lines.push(line), retryMs: [1] });
    close.push(() => poster.close());
    const { url, got } = await receiver([500, 500, 500]);
    poster.post('microsoft', 'a@x.example', url, { headers: {}, body: '' });
    await expect.poll(() => lines).toEqual([expect.stringContaining('given up after 2 tries')]);
    expect(got).toHaveLength(2);
  });
});
