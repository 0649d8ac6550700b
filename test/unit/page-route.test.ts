import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mountPage } from '../../src/server/routes/page.route.ts';

let http: FastifyInstance;
beforeAll(async () => {
  http = Fastify();
  await mountPage(http, { sandbox: true });
});
afterAll(() => http.close());

const get = (url: string, headers: Record<string, string> = {}) => http.inject({ url, headers });

it('serves the page under a strict policy, and tells the page whether it is in the sandbox', async () => {
  const { statusCode, headers, body } = await get('/');
  expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
    200,
    'text/html; charset=utf-8',
    'no-cache',
  ]);
  expect(headers['content-security-policy']).toContain("script-src 'self';");
  expect(body).toContain('data-sandbox="true"');
  expect(body).not.toContain('data-sandbox="false"');
});

it('serves each file that the page names with its type, and once to a browser that has it', async () => {
  const names = [...(await get('/')).body.matchAll(/\/page\/([\w.-]+)/g)].map(([path]) => path);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const first = await get(name);
    expect([name, first.statusCode]).toEqual([name, 200]);
    expect(first.headers['content-type']).toMatch(name.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
    const again = await get(name, { 'if-none-match': String(first.headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  }
});

it.each(['/page/none.js', '/page/..%2Findex.html', '/page/index.html.map'])('has no file at %s', async (url) => {
  expect((await get(url)).statusCode).toBe(404);
});
