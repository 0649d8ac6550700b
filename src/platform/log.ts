import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { redactLine, redactValue } from './redact.ts';

export type { Logger } from 'pino';

/**
 * JSON lines without a token, an address or a body of mail, whichever code logs it: by the name of a property first, then by
 * the shape of a text in the finished line, so that a message or a stack is covered too.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    base: null,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (object: Record<string, unknown>) => redactValue(object) as Record<string, unknown>,
    },
    serializers: { err: (error: unknown) => (error instanceof Error ? redactValue(error) : error) },
    hooks: { streamWrite: redactLine },
  };
  return destination ? pino(options, destination) : pino(options);
}
