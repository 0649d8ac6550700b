import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createYoga } from 'graphql-yoga';
import { serve } from '../process/serve.ts';
import { newContext, schema } from './peer.ts';

/** Runs graphql-yoga as its documentation begins: on node:http, with its caches of documents. */
const server = createServer(createYoga({ schema, context: newContext, logging: false, graphiql: false }));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
serve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => server.closeAllConnections());
