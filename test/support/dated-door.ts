import { randomUUID } from 'node:crypto';
import type { AnswerDates } from '../../src/graphql/reads.ts';
import type { CreateDoor, DoorTools } from '../../src/server/door.ts';

/** An answer, and by what it can be given again. */
interface DatedAnswer<T> {
  readonly data: T;
  readonly errors: unknown;
  /** Null: the answer cannot be dated, because of `undatedBy`. */
  readonly dates: AnswerDates | null;
  readonly undatedBy: string | null;
}

interface DatedDoor {
  readonly create: CreateDoor;
  /** Executes an operation whose answer may be kept, as a request over HTTP is executed. */
  ask<T>(query: string, token: string, options?: { variables?: object; noCache?: boolean }): Promise<DatedAnswer<T>>;
}

/** A door in process, through which a test sees by what an answer is dated. */
export function datedDoor(): DatedDoor {
  let tools: DoorTools | null = null;
  return {
    create: (given) => {
      tools = given;
      return { open: async () => {}, close: async () => {} };
    },
    async ask<T>(query: string, token: string, { variables = {}, noCache = false } = {}): Promise<DatedAnswer<T>> {
      if (!tools) throw new Error('the door is not open');
      const { contexts, path, limited } = tools;
      const context = await contexts.of({
        authorization: `Bearer ${token}`,
        requestId: randomUUID(),
        clientAddress: '',
        signal: new AbortController().signal,
        ...(noCache && { cacheControl: 'no-cache' }),
      });
      context.reads.begin();
      const outcome = await limited((end) =>
        path.run({ query, variables: variables as Record<string, unknown> }, context).finally(end),
      );
      const { data, errors } = outcome.kind === 'result' ? outcome.result : { data: null, errors: outcome };
      const { dates, undatedBy } = context.reads;
      return { data: data as T, errors, dates, undatedBy };
    },
  };
}
