import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SANDBOX_CLIENT } from './client.ts';
import { approveConsent } from './consent.ts';
import { type Sandbox, startSandbox } from './start.ts';
import { DEMO_ACCOUNTS } from './twins.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'postern-sandbox-'));
const lines: string[] = [];
const start = (over: Partial<Parameters<typeof startSandbox>[0]> = {}) =>
  startSandbox({
    ...{
      host: '127.0.0.1',
      port: 0,
      dataDir,
      publicUrl: 'http://127.0.0.1:9',
      mail: null,
      messages: 20,
      trafficSeconds: 0,
    },
    log: (line) => lines.push(line),
    ...over,
  });
let sandbox: Sandbox;
/** Stands where the gateway's callback would. */
const seen: URL[] = [];
const gateway = createServer((request, response) => {
  seen.push(new URL(request.url ?? '/', 'http://127.0.0.1'));
  response.writeHead(303, { location: 'http://127.0.0.1/inbox?status=pending&token=held' }).end();
});

beforeAll(async () => {
  sandbox = await start();
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await sandbox.close();
  gateway.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it('fills one account at each vendor, the same at the next start', async () => {
  const again = await start({ dataDir: null });
  for (const { vendor } of DEMO_ACCOUNTS) {
    const [account] = sandbox.emulator(vendor).accounts();
    const mails = sandbox.emulator(vendor).dump(account ?? '');
    expect(mails).toHaveLength(20);
    expect(again.emulator(vendor).dump(account ?? '')).toEqual(mails);
  }
  await again.close();
});

describe('consent', () => {
  it.each([
    ['google', 'demo@gmail.example', '/google/o/oauth2/v2/auth', 'https://www.googleapis.com/auth/gmail.readonly'],
    ['microsoft', 'demo@outlook.example', '/microsoft/common/oauth2/v2.0/authorize', 'offline_access Mail.Read'],
  ])('is given at %s as in a browser, and brings a code to the callback', async (_vendor, account, path, scope) => {
    const { port } = gateway.address() as AddressInfo;
    const url = new URL(sandbox.url + path);
    url.search = new URLSearchParams({
      ...{ client_id: SANDBOX_CLIENT.clientId, response_type: 'code', access_type: 'offline', scope, state: 's<"&' },
      ...{ redirect_uri: `http://127.0.0.1:${port}/oauth/callback`, code_challenge_method: 'S256' },
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    }).toString();
    expect(await approveConsent(url.href, account)).toBe('held');
    const callback = seen.at(-1);
    expect(callback?.pathname).toBe('/oauth/callback');
    expect(callback?.searchParams.get('state')).toBe('s<"&');
    expect(callback?.searchParams.get('code')).toBeTruthy();
  });
});

it('refuses a foreign Host, another address than loopback, and a port that is taken', async () => {
  const { port } = new URL(sandbox.url);
  const status = await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/control', headers: { host: 'rebound.example' } };
    httpRequest(options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(403);
  await expect(start({ host: '0.0.0.0' })).rejects.toThrow(/^HOST: /);
  await expect(start({ port: Number(port), dataDir: null })).rejects.toThrow(/^SANDBOX_PORT: /);
});

it('delivers through the control API', async () => {
  const deliver = async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${sandbox.controlUrl}/deliver`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as { id: string };
  };
  for (const { vendor } of DEMO_ACCOUNTS) {
    const { id } = await deliver({ vendor, from: 'Ann <ann@x.example>', subject: 'hello', text: 'hi' });
    const [account] = sandbox.emulator(vendor).accounts();
    expect(
      sandbox
        .emulator(vendor)
        .dump(account ?? '')
        .some((message) => message.id === id),
    ).toBe(true);
  }
  const accounts: unknown = await (await fetch(`${sandbox.controlUrl}/accounts`)).json();
  expect(accounts).toEqual(DEMO_ACCOUNTS.map(({ vendor, demo }) => ({ vendor, address: demo.address })));
});
