import { createHash } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerBody } from './answer.ts';
import { type Document, documentText, type Present } from './document.ts';

/** Clients that never retry. Every failure of one of them is recorded. */
export class Load {
  readonly failures: string[] = [];
  private readonly turns = new Map<string, number>();
  private readonly workers: Promise<void>[] = [];
  private ending = false;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Repeats an action, one after the other, on a connection that is kept or on a new one each time. */
  repeat(
    name: string,
    pauseMs: number,
    work: (client: Client, turn: number) => Promise<unknown>,
    keepAlive = true,
  ): void {
    const client = new Client(this.url, this.token, new Agent({ keepAlive, maxSockets: 1 }));
    const worker = async () => {
      for (let turn = 0; !this.ending; turn++) {
        this.turns.set(name, turn);
        try {
          await work(client, turn);
        } catch (error) {
          const { code = '', message } = error as NodeJS.ErrnoException;
          this.failures.push(`${name} ${turn}: ${code} ${message}`);
        }
        await delay(pauseMs);
      }
      client.agent.destroy();
    };
    this.workers.push(worker());
  }

  /** How often each action has succeeded. */
  progress(): ReadonlyMap<string, number> {
    return new Map(this.turns);
  }

  /** Starts no further action, and waits for those under way. */
  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.workers);
  }
}

interface Sent {
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly headers?: Record<string, string>;
}

/** One client with one connection at a time. */
export class Client {
  constructor(
    private readonly url: string,
    private readonly token: string,
    readonly agent: Agent = new Agent(),
  ) {}

  query<T>(document: Document<T>, variables?: object): Promise<Present<T>>;
  query<T>(document: string, variables?: object): Promise<T>;
  async query<T>(document: Document<T> | string, variables: object = {}): Promise<unknown> {
    const body = JSON.stringify({ query: documentText(document), variables });
    const headers = { 'content-type': 'application/json', ...this.authorization() };
    const response = await this.send('POST', '/graphql', { body, headers });
    const answer = JSON.parse(await textOf(response)) as AnswerBody;
    if (response.statusCode !== 200 || answer.errors)
      throw new Error(`${response.statusCode} ${JSON.stringify(answer).slice(0, 500)}`);
    return answer.data;
  }

  /** Uploads a file and returns the id of the upload. */
  async upload(body: AsyncIterable<Uint8Array>): Promise<string> {
    const headers = { 'content-type': 'application/octet-stream', ...this.authorization() };
    const response = await this.send('POST', '/upload?filename=file.bin', { body, headers });
    const text = await textOf(response);
    if (response.statusCode !== 201) throw new Error(`${response.statusCode} ${text}`);
    return (JSON.parse(text) as { upload: string }).upload;
  }

  /** Reads a file with a pause after each piece, and returns the SHA-256 of all of it. */
  async download(url: string, pauseMs: number): Promise<string> {
    const response = await this.send('GET', url);
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await textOf(response)}`);
    const hash = createHash('sha256');
    for await (const piece of response) {
      hash.update(piece);
      await delay(pauseMs);
    }
    return hash.digest('hex');
  }

  private authorization() {
    return { authorization: `Bearer ${this.token}` };
  }

  private send(method: string, path: string, { body = '', headers = {} }: Sent = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sending = request(new URL(path, this.url), { method, headers, agent: this.agent });
      sending.on('response', resolve).on('error', reject);
      const write = async () => {
        if (typeof body !== 'string') for await (const piece of body) sending.write(piece);
        sending.end(typeof body === 'string' ? body : undefined);
      };
      write().catch(reject);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return text;
}
