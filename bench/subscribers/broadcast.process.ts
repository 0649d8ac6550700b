import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from '../process/serve.ts';

/** Sends one text to a group of WebSockets: the least that a server of subscriptions can do. */
const text = process.env.MESSAGE ?? '';
const operations = Number(process.env.OPERATIONS);
const groups = new Map<string, Set<WebSocket>>();
const server = createServer();
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket, { url = '' }) => {
  const group = groups.get(url) ?? new Set();
  groups.set(url, group.add(socket));
  socket.on('close', () => group.delete(socket));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
let delivered = 0;
const deliver = () => {
  const group = [...groups.values()][delivered++ % groups.size];
  for (const socket of group ?? []) for (let n = 0; n < operations; n++) socket.send(text);
};
const close = async () => {
  for (const socket of sockets.clients) socket.terminate();
  server.close();
};
serve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close, deliver);
