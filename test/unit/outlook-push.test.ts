import { describe, expect, it } from 'vitest';
import type { WebhookRequest } from '../../src/providers/contract/watch.ts';
import { receive } from '../../src/providers/outlook/changes/push.ts';

const findWatch = async (key: string) => (key === 'ours' ? [{ integrationId: 'i1', secret: 'sesame' }] : []);
const request = (body: unknown, query = ''): WebhookRequest => ({
  method: 'POST',
  url: new URL(`https://postern.example/webhooks/outlook${query}`),
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  signal: new AbortController().signal,
});
const notice = (more: object = {}) => ({
  subscriptionId: 'ours',
  clientState: 'sesame',
  changeType: 'created',
  resource: 'x',
  ...more,
});

describe('a notification of Graph', () => {
  it('returns the validation token as plain text, and nothing else', async () => {
    const { reply } = await receive(request('', '?validationToken=%3Cscript%3E%20ok'), findWatch);
    expect(reply).toEqual({ status: 200, contentType: 'text/plain', body: '<script> ok' });
    expect((await receive(request('', `?validationToken=${'x'.repeat(5000)}`), findWatch)).reply.status).toBe(400);
  });

  it('names each integration once', async () => {
    const { reply, notifications } = await receive(
      request({ value: [notice(), notice({ changeType: 'updated' })] }),
      findWatch,
    );
    expect(reply.status).toBe(202);
    expect(notifications).toEqual([{ integrationId: 'i1', kind: 'CHANGED' }]);
  });

  it('passes on the messages that it names, all of them or none', async () => {
    const about = (id: string, more: object = {}) => notice({ resourceData: { id }, ...more });
    const hintsOf = async (...value: object[]) =>
      (await receive(request({ value }), findWatch)).notifications[0]?.hints;
    expect(await hintsOf(about('AAMk-1='), about('AAMk-1=', { changeType: 'updated' }))).toEqual([
      { kind: 'created', messageId: 'AAMk-1=' },
      { kind: 'updated', messageId: 'AAMk-1=' },
    ]);
    const resource = 'Users/1-2/Messages/AAMk-2=';
    expect(await hintsOf(notice({ changeType: 'deleted', resource }))).toEqual([
      { kind: 'deleted', messageId: 'AAMk-2=' },
    ]);
    for (const nameless of [
      notice(),
      about('../me'),
      about('x', { changeType: 'moved' }),
      notice({ resourceData: 7 }),
    ]) {
      expect(await hintsOf(about('AAMk-1='), nameless)).toBeUndefined();
      expect(await hintsOf(nameless, about('AAMk-1='))).toBeUndefined();
    }
  });

  it('accepts the others when one is malformed, and reads the whole account when that one names nothing', async () => {
    const named = notice({ resourceData: { id: 'AAMk-1=' } });
    const hints = [{ kind: 'created', messageId: 'AAMk-1=' }];
    for (const malformed of [{}, null, 7, 'x', [], notice({ subscriptionId: 7 }), notice({ clientState: {} })]) {
      for (const value of [
        [named, malformed],
        [malformed, named],
      ])
        expect(await receive(request({ value }), findWatch)).toEqual({
          reply: { status: 202 },
          notifications: [{ integrationId: 'i1', kind: 'CHANGED', hints }],
        });
    }
    for (const wrong of [{ resource: 5 }, { resource: 'x'.repeat(3_000) }, { changeType: [] }, { resourceData: 'x' }])
      expect((await receive(request({ value: [named, notice(wrong)] }), findWatch)).notifications).toEqual([
        { integrationId: 'i1', kind: 'CHANGED' },
      ]);
  });

  it.each([
    ['reauthorizationRequired', 'REAUTHORIZE'],
    ['subscriptionRemoved', 'LOST'],
    ['missed', 'MISSED'],
  ])('reports %s as %s', async (lifecycleEvent, kind) => {
    expect((await receive(request({ value: [notice({ lifecycleEvent })] }), findWatch)).notifications).toEqual([
      { integrationId: 'i1', kind },
    ]);
  });

  it('is not believed without the secret, and gets the same answer', async () => {
    for (const lie of [
      { clientState: 'other' },
      { clientState: null },
      { clientState: '' },
      { subscriptionId: 'unknown' },
      { lifecycleEvent: 'invented' },
    ]) {
      expect(await receive(request({ value: [notice(lie)] }), findWatch)).toEqual({
        reply: { status: 202 },
        notifications: [],
      });
    }
  });

  it.each(['', '{', '[]', '{"value":[]}', '{"value":[{}]}', '{"value":"x"}', 'x'.repeat(10_000)])(
    'refuses %j',
    async (body) => {
      const { reply, notifications } = await receive(request(body), findWatch);
      expect(reply.status).toBe(400);
      expect(notifications).toEqual([]);
    },
  );
});
