import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Destination, Outbound, OutboundRefused } from '../../src/platform/outbound.ts';
import { isPublicAddress } from '../../src/platform/public-address.ts';

const PUBLIC = '93.184.216.34';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Starts a server that answers for every address that is dialled, and records which. */
async function outsideServer(answer: {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  silent?: boolean;
}) {
  const dialled: Destination[] = [];
  const asked: {
    method: string | undefined;
    url: string | undefined;
    headers: Record<string, unknown>;
    body: string;
  }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      if (!answer.silent) response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  closers.push(() => server.close().closeAllConnections());
  const dial = (destination: Destination) => {
    dialled.push(destination);
    return connect(port, '127.0.0.1');
  };
  return { dialled, asked, dial };
}

describe('a public address', () => {
  it.each(['8.8.8.8', PUBLIC, '2606:4700:4700::1111', '2a00:1450:4001:82a::200e'])('is %s', (a) =>
    expect(isPublicAddress(a)).toBe(true),
  );
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.8',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '100::1',
    '4000::1',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '',
  ])('is not %s', (a) => expect(isPublicAddress(a)).toBe(false));
});

describe('a link from outside', () => {
  const refusing = (resolve: () => Promise<string[]>) =>
    new Outbound({
      resolve,
      connect: () => {
        throw new Error('it was dialled');
      },
    });

  it.each([
    'http://list.example/u',
    'ftp://list.example/u',
    'file:///etc/passwd',
    'https://user:password@list.example/',
    'https://',
    'rubbish',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::a00:1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0/',
    'https://１２７.０.０.１/',
    `https://list.example/${'a'.repeat(5_000)}`,
  ])('%s is not followed', async (url) => {
    await expect(refusing(async () => [PUBLIC]).post(url, '')).rejects.toThrow(OutboundRefused);
  });

  it.each([[['127.0.0.1']], [[PUBLIC, '10.0.0.1']], [['::1', PUBLIC]], [['::ffff:10.0.0.1']], [[]]])(
    'is not followed to %j, which DNS returns',
    async (addresses) => {
      await expect(refusing(async () => addresses).post('https://list.example/', '')).rejects.toThrow(OutboundRefused);
    },
  );

  it('is refused on loopback with the real DNS too', async () => {
    await expect(new Outbound().post('https://localhost/', '')).rejects.toThrow(OutboundRefused);
  });

  it('is dialled at the address that was checked, whatever DNS returns next', async () => {
    const { dialled, asked, dial } = await outsideServer({ status: 202 });
    const answers = [[PUBLIC], ['127.0.0.1']];
    let lookups = 0;
    const outbound = new Outbound({ resolve: async () => answers[lookups++] ?? [], connect: dial });
    expect(await outbound.post('https://list.example./u?id=1#x', 'List-Unsubscribe=One-Click')).toBe(202);
    expect(lookups).toBe(1);
    expect(dialled).toEqual([{ address: PUBLIC, port: 443, servername: 'list.example' }]);
    const { headers, ...request } = asked[0] ?? { headers: {} };
    expect(request).toEqual({ method: 'POST', url: '/u?id=1', body: 'List-Unsubscribe=One-Click' });
    expect(Object.keys(headers).sort()).toEqual(['connection', 'content-length', 'content-type', 'host', 'user-agent']);
    await expect(outbound.post('https://list.example/', '')).rejects.toThrow(OutboundRefused);
    expect(dialled).toHaveLength(1);
  });

  it('is not followed to its redirect', async () => {
    const { dialled, dial } = await outsideServer({ status: 302, headers: { location: 'https://127.0.0.1/' } });
    expect(await new Outbound({ resolve: async () => [PUBLIC], connect: dial }).post('https://list.example/', '')).toBe(
      302,
    );
    expect(dialled).toHaveLength(1);
  });

  it('may have an answer of any length, which is not read', async () => {
    const { dial } = await outsideServer({ status: 200, body: 'x'.repeat(5_000_000) });
    expect(await new Outbound({ resolve: async () => [PUBLIC], connect: dial }).post('https://list.example/', '')).toBe(
      200,
    );
  });

  it.each([
    ['a server', async () => [PUBLIC]],
    ['a name server', () => new Promise<string[]>(() => {})],
  ])('does not make us wait when %s is silent', async (_who, resolve) => {
    const { dial } = await outsideServer({ status: 200, silent: true });
    const outbound = new Outbound({ resolve, connect: dial, timeoutMs: 50 });
    await expect(outbound.post('https://list.example/', '')).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is refused when its headers have no end', async () => {
    const { dial } = await outsideServer({ status: 200, headers: { 'x-long': 'x'.repeat(20_000) } });
    await expect(
      new Outbound({ resolve: async () => [PUBLIC], connect: dial }).post('https://list.example/', ''),
    ).rejects.toThrow();
  });
});
