import { type Examples, readExamples } from './examples.ts';
import { ANSWERED, INTEGRATION, MESSAGE } from './placeholder.ts';
import type { PageSession } from './session.ts';

/** The values that replace placeholders. Tabs outlive the moment in which they were filled in, and even the visit. */
export interface Known {
  readonly values: Map<string, string>;
  /** Reads the values again, after an account was connected. */
  read(): Promise<void>;
}

export function createKnown(session: PageSession, first: Examples): Known {
  const values = new Map<string, string>();
  const learn = ({ integration, messages, answered }: Examples) => {
    const known = [
      [INTEGRATION, integration],
      [MESSAGE, messages[0]],
      [ANSWERED.message, answered?.message],
      [ANSWERED.integration, answered?.integration],
      [ANSWERED.attachment, answered?.attachment],
    ] as const;
    for (const [placeholder, id] of known) if (id) values.set(placeholder, id);
  };
  learn(first);
  return { values, read: async () => learn(await readExamples(session)) };
}
