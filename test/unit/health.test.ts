import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { mountHealth } from '../../src/server/routes/health.route.ts';

it('is ready once the start is complete, and no longer when a restored backup lacks a migration', async () => {
  let pending: string[] = [];
  const http = fastify();
  let waitingFor: string | null = 'the demo accounts are being connected';
  mountHealth(http, {
    ping: async () => {},
    pendingMigrations: async () => pending,
    draining: () => false,
    waitingFor: () => waitingFor,
  });
  const ready = async () => {
    const { statusCode, body } = await http.inject('/ready');
    return [statusCode, JSON.parse(body).status];
  };
  expect(await ready()).toEqual([503, 'the demo accounts are being connected']);
  waitingFor = null;
  expect(await ready()).toEqual([200, 'ready']);
  pending = ['2_new'];
  expect(await ready()).toEqual([503, 'migrations are pending']);
  pending = [];
  expect(await ready()).toEqual([200, 'ready']);
  await http.close();
});
