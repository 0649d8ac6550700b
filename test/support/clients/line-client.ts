import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** A client of `lineDoor`. */
export async function openLineClient(socketPath: string, token: string) {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const write = (line: object): void => void socket.write(`${JSON.stringify(line)}\n`);
  write({ authorization: `Bearer ${token}` });
  return {
    /** Sends a request, and returns the next line without its id. */
    async ask(payload: unknown): Promise<Record<string, unknown>> {
      write({ id: '1', payload });
      return this.next();
    },
    async next(): Promise<Record<string, unknown>> {
      const { value } = await lines.next();
      const { id: _id, ...answer } = JSON.parse(value);
      return answer;
    },
    close: () => socket.destroy(),
  };
}
