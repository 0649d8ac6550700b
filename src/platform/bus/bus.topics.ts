import type { Logger } from 'pino';

type TopicListener = (payload: unknown) => void;

/** Keeps the listeners of this instance by topic. Messages of all topics share the single channel of a bus. */
export class Topics {
  private readonly listeners = new Map<string, Set<TopicListener>>();

  constructor(private readonly log: Logger) {}

  subscribe(topic: string, fn: TopicListener): () => void {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(fn));
    return () => listeners.delete(fn);
  }

  deliver(text: string): void {
    const [topic, payload] = parse(text);
    for (const fn of this.listeners.get(topic) ?? []) {
      try {
        fn(payload);
      } catch (error) {
        this.log.error({ err: error, topic }, 'a listener of the bus failed');
      }
    }
  }
}

export const encode = (topic: string, payload: unknown): string => JSON.stringify([topic, payload]);

function parse(text: string): [topic: string, payload: unknown] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && typeof value[0] === 'string') return [value[0], value[1]];
  } catch {
    // Malformed messages are ignored, because anyone with the password can publish.
  }
  return ['', null];
}
