import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PubSubReceiver } from '../../src/providers/gmail/changes/push.ts';

const ours = generateKeyPairSync('rsa', { modulusLength: 2048 });
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });
const hook = 'https://postern.test/webhooks/gmail';
const account = 'push@project.iam.example';
const claims = { iss: 'https://accounts.google.com', aud: hook, email: account, email_verified: true };
const sign = (payload: object, options: jwt.SignOptions = {}, key = ours.privateKey) =>
  jwt.sign(payload, key, { algorithm: 'RS256', keyid: 'k1', expiresIn: 3_600, ...options });

describe('a Pub/Sub push', () => {
  let certs: Server;
  let receiver: PubSubReceiver;
  beforeAll(async () => {
    const jwk = { ...ours.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
    certs = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] })),
    );
    await new Promise<void>((resolve) => certs.listen(0, '127.0.0.1', resolve));
    receiver = new PubSubReceiver(`http://127.0.0.1:${(certs.address() as AddressInfo).port}`, account);
  });
  afterAll(() => certs.close());

  const published = (content: unknown) =>
    Buffer.from(
      JSON.stringify({ message: { data: Buffer.from(JSON.stringify(content)).toString('base64'), messageId: '1' } }),
    );
  const notice = published({ emailAddress: 'Demo@Gmail.Example', historyId: 42 });
  const push = (authorization: string | null, body: Uint8Array = notice, from = receiver, method = 'POST') =>
    from.receive(
      {
        method,
        url: new URL(`${hook}?x=1`),
        headers: authorization === null ? {} : { authorization },
        body,
        signal: new AbortController().signal,
      },
      async (key) =>
        key === 'demo@gmail.example'
          ? [
              { integrationId: 'i1', secret: '' },
              { integrationId: 'i2', secret: '' },
            ]
          : [],
    );

  it('notifies every integration of the mailbox', async () => {
    expect(await push(`Bearer ${sign(claims)}`)).toEqual({
      reply: { status: 204 },
      notifications: [
        { integrationId: 'i1', kind: 'CHANGED' },
        { integrationId: 'i2', kind: 'CHANGED' },
      ],
    });
    expect((await push(`Bearer ${sign({ ...claims, iss: 'accounts.google.com' })}`)).notifications).toHaveLength(2);
  });

  it('accepts a notification for a mailbox without a watch, and ignores it', async () => {
    expect(await push(`Bearer ${sign(claims)}`, published({ emailAddress: 'x@y' }))).toEqual({
      reply: { status: 204 },
      notifications: [],
    });
  });

  const unsigned = `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
  const publicPem = ours.publicKey.export({ format: 'pem', type: 'spki' });
  it.each<[string, string | null, number]>([
    ['no token', null, 401],
    ['no JWT', 'Bearer nonsense', 401],
    ['alg none', `Bearer ${unsigned}`, 401],
    ['alg none with a signature', `Bearer ${unsigned}AAAA`, 401],
    [
      'the public key as an HMAC secret',
      `Bearer ${jwt.sign(claims, String(publicPem), { algorithm: 'HS256', keyid: 'k1', allowInvalidAsymmetricKeyTypes: true })}`,
      401,
    ],
    ['another key', `Bearer ${sign(claims, {}, theirs.privateKey)}`, 401],
    ['an unknown key id', `Bearer ${sign(claims, { keyid: 'k2' })}`, 401],
    ['an old token', `Bearer ${sign(claims, { expiresIn: -600 })}`, 401],
    ['another issuer', `Bearer ${sign({ ...claims, iss: 'https://evil.example' })}`, 401],
    ['another audience', `Bearer ${sign({ ...claims, aud: 'https://postern.test/other' })}`, 401],
    ['another service account', `Bearer ${sign({ ...claims, email: 'x@evil.example' })}`, 403],
    ['an unverified email', `Bearer ${sign({ ...claims, email_verified: false })}`, 403],
  ])('refuses %s without giving a reason', async (_, authorization, status) => {
    expect(await push(authorization)).toEqual({ reply: { status }, notifications: [] });
  });

  it('accepts nothing without a configured service account', async () => {
    const open = new PubSubReceiver(`http://127.0.0.1:${(certs.address() as AddressInfo).port}`, null);
    expect((await push(`Bearer ${sign(claims)}`, notice, open)).reply.status).toBe(403);
  });

  it.each(['', 'x', '{}', '{"message":null}', '{"message":{"data":"eA"}}', '{"message":{"data":"bnVsbA"}}'])(
    'refuses the body %j',
    async (body) => {
      expect((await push(`Bearer ${sign(claims)}`, Buffer.from(body))).reply.status).toBe(400);
    },
  );

  it.each([
    ['fails', 500, 'away'],
    ['is a proxy’s page', 200, '<html>'],
    ['is empty', 200, '{"keys":[]}'],
    ['is a foreign object', 200, '{"foreign":1}'],
  ])(
    'is answered so that it comes again when the list of keys %s, and is accepted once that is back',
    async (_, status, body) => {
      let isAway = true;
      const jwk = { ...ours.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' };
      const keys = createServer((_, response) =>
        isAway ? response.writeHead(status).end(body) : response.writeHead(200).end(JSON.stringify({ keys: [jwk] })),
      );
      await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
      const from = new PubSubReceiver(`http://127.0.0.1:${(keys.address() as AddressInfo).port}`, account);
      expect(await push(`Bearer ${sign(claims)}`, notice, from)).toEqual({ reply: { status: 503 }, notifications: [] });
      isAway = false;
      expect((await push(`Bearer ${sign(claims)}`, notice, from)).reply.status).toBe(204);
      keys.close();
      const refusing = new PubSubReceiver('http://127.0.0.1:9', account);
      expect((await push(`Bearer ${sign(claims)}`, notice, refusing)).reply.status).toBe(503);
    },
  );

  it('has to be a POST', async () => {
    expect((await push(`Bearer ${sign(claims)}`, notice, receiver, 'GET')).reply.status).toBe(405);
  });
});
