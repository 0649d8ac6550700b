import { fastify } from 'fastify';
import { mercurius } from 'mercurius';
import { serve } from '../process/serve.ts';
import { newContext, schema } from './peer.ts';

/** Runs mercurius on Fastify with its caches of documents. With "jit", it compiles a query that it has seen before. */
const app = fastify();
const context = () => ({ ...newContext() });
await app.register(mercurius, { schema, context, ...(process.argv.includes('jit') ? { jit: 1 } : {}) });
serve(await app.listen({ port: 0, host: '127.0.0.1' }), () => app.close());
