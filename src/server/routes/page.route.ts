import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { PAGE_DIRECTORY } from '../../platform/asset-directories.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * The content security policy of the page. Monaco writes style attributes and sheets of its own. Every script is a file
 * of ours.
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface File {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
}

/**
 * Mounts GraphiQL at / and its files below /page/. `npm run build:page` creates them. With `sandbox` the page signs
 * itself in, and requests nothing that does not exist otherwise.
 *
 * @fastify/static does not fit. Its ETag consists of the size and the time of a file, so that two instances that were
 * built apart disagree about the same file, and `setHeaders` can replace it only after If-None-Match was compared. Its
 * current major (10) also depends on content-disposition 3, which needs Node 22.
 */
export async function mountPage(http: FastifyInstance, { sandbox }: { readonly sandbox: boolean }): Promise<void> {
  const names = new Set(await readdir(PAGE_DIRECTORY).catch(() => []));
  const read = new Map<string, Promise<File>>();
  const file = (name: string): Promise<File> => {
    const known = read.get(name) ?? load(name);
    read.set(name, known);
    return known;
  };

  http.get('/', async (_request, reply) => {
    reply.header('content-security-policy', CSP).header('cache-control', 'no-cache');
    if (!names.has('index.html')) {
      return reply
        .code(503)
        .type('text/plain')
        .send('The page is not built: run npm run build:page and start again.\n');
    }
    const { type, bytes } = await file('index.html');
    return reply.type(type).send(String(bytes).replace('data-sandbox="false"', `data-sandbox="${sandbox}"`));
  });

  http.get<{ Params: { name: string } }>('/page/:name', { logLevel: 'warn' }, async (request, reply) => {
    const { name } = request.params;
    if (!names.has(name)) return reply.callNotFound();
    const { type, etag, bytes } = await file(name);
    reply
      .header('content-security-policy', CSP)
      .header('etag', etag)
      .header('cache-control', /^(chunk|asset)-/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type(type).send(bytes);
  });
}

async function load(name: string): Promise<File> {
  const bytes = await readFile(join(PAGE_DIRECTORY, name));
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    bytes,
  };
}
