import { randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { OperationRequest } from '../../src/graphql/operation/operation.ts';
import type { CreateDoor, DoorTools } from '../../src/server/door.ts';
import { bearer } from '../../src/server/http/contexts.ts';
import type { Client } from '../../src/server/socket/connections.ts';

const MAX_LINE_LENGTH = 1_048_576;

/**
 * GraphQL over a Unix socket, as the author of a door writes it. The first line is {"authorization": "Bearer …"}, and each
 * further one {"id", "payload"}, where the payload is a request. Each answer is a line with the id.
 */
export const lineDoor =
  (socketPath: string): CreateDoor =>
  (tools) => {
    const clients = new Set<Client>();
    const server = createServer((socket) => {
      const client = serve(socket, tools);
      clients.add(client);
      socket.once('close', () => clients.delete(client));
    });
    return {
      open: () => new Promise((resolve, reject) => server.once('error', reject).listen(socketPath, resolve)),
      close() {
        for (const client of clients) client.close(1001, 'Going away');
        return new Promise((resolve) => server.close(() => resolve()));
      },
    };
  };

function serve(socket: Socket, { contexts, connections, operationQueue, path, limited }: DoorTools): Client {
  const client: Client = {
    close: (code, reason) =>
      void socket.end(`${JSON.stringify({ closed: { code, reason } })}\n`, () => socket.destroy()),
  };
  /** Resolves when the line has left, because a slot is held until then. */
  const send = (answer: object) =>
    new Promise<void>((resolve) => socket.write(`${JSON.stringify(answer)}\n`, () => resolve()));

  const signIn = async (authorization: string): Promise<boolean> => {
    try {
      const principal = await contexts.principal(bearer(authorization), '');
      // A client that has left meanwhile would never be removed again.
      return !socket.destroyed && connections.admit({ client, principal, authorization, clientAddress: '' });
    } catch (error) {
      client.close(4401, path.mask(error).message);
      return false;
    }
  };

  const answer = async (id: unknown, payload: OperationRequest): Promise<void> => {
    const connection = connections.of(client);
    if (!connection) return;
    const { userId } = connection.principal;
    socket.pause(); // No more is read until the operation has its slot.
    const slot = await operationQueue.begin(socket, userId);
    socket.resume();
    if (!slot) return;
    const begin = () => operationQueue.begin(socket, userId, { lane: 'event' });
    const hooks = { onSize: (bytes: number) => slot.expect(bytes), events: { begin, limited } };
    const outcome = await contexts
      .of({ ...connection, requestId: randomUUID() })
      .then((context) => limited((end) => path.run(payload, context, hooks).finally(end)))
      .catch((error: unknown) => path.refused(error));
    if (outcome.kind === 'refused') await send({ id, errors: outcome.errors });
    else if (outcome.kind === 'result') await send({ id, ...outcome.result });
    slot.end();
    if (outcome.kind !== 'events') return;
    connection.signal.addEventListener('abort', () => void outcome.events.return());
    for await (const event of outcome.events) await send({ id, ...event });
    await send({ id, isComplete: true });
  };

  let signedIn: Promise<boolean> | null = null;
  const receive = async (line: string): Promise<void> => {
    const { authorization, id, payload } = JSON.parse(line);
    if (!signedIn) signedIn = signIn(String(authorization));
    else if (await signedIn) await answer(id, payload);
  };
  let unfinished = '';
  socket.setEncoding('utf8').on('data', (text) => {
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop() ?? '';
    if (unfinished.length > MAX_LINE_LENGTH) client.close(1009, 'A line is too long');
    for (const line of lines) receive(line).catch(() => client.close(1007, 'A line is not an object in JSON'));
  });
  socket.on('error', () => socket.destroy()).once('close', () => connections.leave(client));
  return client;
}
