import type { OperationResult } from '../../graphql/operation/operation-result.ts';
import { resultText } from '../../graphql/operation/operation-result.ts';

/** The text of the payload that was written last. A message is sent in the same turn in which it is written. */
let written: string | null = null;

/**
 * A result as graphql-ws gets it. graphql-ws writes each message as JSON, and has no hook for a text that exists already, so the
 * message has a 0 in the place of the result, and `takeText` returns the text that belongs there: subscribers who share an event
 * then share its text too.
 */
export class TextPayload {
  constructor(private readonly result: OperationResult) {}

  toJSON(): number {
    written = resultText(this.result);
    return 0;
  }
}

/** Returns the text of the payload of the message that has just been written. Null: it has none. */
export function takeText(): string | null {
  const text = written;
  written = null;
  return text;
}
