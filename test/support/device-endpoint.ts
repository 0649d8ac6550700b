import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Decision = 'pending' | 'slow_down' | 'approved' | 'denied' | 'expired' | 'unavailable';

interface Issued {
  readonly userCode: string;
  decision: Decision;
  polls: number;
  redemptions: number;
}

/** The device authorization and token endpoints of a provider (RFC 8628), on a port of this machine. */
export async function openDeviceEndpoint(intervalSeconds = 0.05) {
  const issued = new Map<string, Issued>();
  const answer = (path: string | undefined, body: URLSearchParams): [status: number, json: object] => {
    if (path === '/device_authorization') {
      const [deviceCode, userCode] = [randomUUID(), randomBytes(4).toString('hex').toUpperCase()];
      issued.set(deviceCode, { userCode, decision: 'pending', polls: 0, redemptions: 0 });
      const verification = { verification_uri: 'https://device.example/', interval: intervalSeconds, expires_in: 300 };
      return [200, { device_code: deviceCode, user_code: userCode, ...verification }];
    }
    const grant = issued.get(body.get('device_code') ?? '');
    if (!grant) return [400, { error: 'invalid_grant' }];
    grant.polls++;
    if (grant.decision === 'unavailable') return [503, {}];
    if (grant.decision === 'denied') return [400, { error: 'access_denied' }];
    if (grant.decision === 'expired' || grant.redemptions > 0) return [400, { error: 'expired_token' }];
    if (grant.decision === 'slow_down') return [400, { error: 'slow_down' }];
    if (grant.decision === 'pending') return [400, { error: 'authorization_pending' }];
    grant.redemptions++;
    const tokens = { access_token: randomUUID(), refresh_token: randomUUID(), expires_in: 3_600, scope: 'read' };
    return [200, { ...tokens, email: `${grant.userCode.toLowerCase()}@device.example` }];
  };
  const server = createServer(async (request, response) => {
    const [status, json] = answer(request.url, new URLSearchParams(await text(request)));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The grant whose user code is in this text, as the person at the provider's page enters it. */
    grantIn: (instructions: string): Issued => {
      const grant = [...issued.values()].find(({ userCode }) => instructions.includes(userCode));
      if (!grant) throw new Error(`no user code in "${instructions}"`);
      return grant;
    },
    close: () => new Promise<unknown>((resolve) => server.close(resolve)),
  };
}
