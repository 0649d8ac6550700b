import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DocumentNode, execute, parse, validate } from 'graphql';
import { serve } from '../process/serve.ts';
import { newContext, readJson, schema } from './peer.ts';

/** Runs graphql-js on node:http and nothing else. With "remember", a document is parsed and validated once. */
const remembers = process.argv.includes('remember');
const known = new Map<string, DocumentNode>();

function documentOf(source: string): DocumentNode {
  const found = known.get(source);
  if (found) return found;
  const document = parse(source);
  const [fault] = validate(schema, document);
  if (fault) throw fault;
  if (remembers) known.set(source, document);
  return document;
}

const server = createServer(async (request, response) => {
  const { query, variables } = await readJson<{ query: string; variables?: Record<string, unknown> }>(request);
  const document = documentOf(query);
  const result = await execute({ schema, document, contextValue: newContext(), variableValues: variables ?? {} });
  response.setHeader('content-type', 'application/json; charset=utf-8').end(JSON.stringify(result));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
serve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => server.closeAllConnections());
