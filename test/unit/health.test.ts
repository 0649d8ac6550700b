import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { mountHealth } from '../../src/server/health.route.ts';

it('is ready no longer when its database was put back from a backup that lacks a migration', async () => {
  let pending: string[] = [];
  const http = fastify();
  mountHealth(http, { ping: async () => {}, pendingMigrations: async () => pending, draining: () => false });
  const ready = async () => {
    const { statusCode, body } = await http.inject('/ready');
    return [statusCode, JSON.parse(body).status];
  };
  expect(await ready()).toEqual([200, 'ready']);
  pending = ['2_new'];
  expect(await ready()).toEqual([503, 'migrations are pending']);
  pending = [];
  expect(await ready()).toEqual([200, 'ready']);
  await http.close();
});
