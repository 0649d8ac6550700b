import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { LogLines } from './log-lines.ts';
import { redactLine, redactValue } from './redact.ts';

export type { Logger } from 'pino';

/**
 * Writes JSON lines without tokens, addresses or bodies of mail, whichever code logs them. Values are redacted by the
 * name of their property first, and then by their form in the finished line, so that messages and stacks are covered
 * too.
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
  return pino(options, destination ?? standardOutput());
}

let output: LogLines | null = null;

/** All logs of the process write to one destination, so that their lines are in order. */
function standardOutput(): LogLines {
  if (output) return output;
  const lines = new LogLines(pino.destination({ dest: 1, sync: true }));
  // It is emitted also where the process ends because of an error that nobody has caught.
  process.once('exit', () => lines.flush());
  output = lines;
  return lines;
}
