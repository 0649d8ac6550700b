import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Field, ObjectType } from 'type-graphql';
import { type ErrorCode, isGivenUp, isMailError, publicCode, storeErrorIn } from '../../domain/error.ts';
import { DateTime } from '../scalars.ts';
import { ErrorCodeEnum } from './error-code.enum.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'Why one account, item, connect flow or submission failed. The rest of the answer is valid.',
})
export class Problem {
  @Field(() => ErrorCodeEnum, { description: 'The error code, for programs.' })
  readonly code: ErrorCode;

  @Field(() => String, { description: 'What went wrong and what to do about it, for people.' })
  readonly message: string;

  @Field(() => DateTime, { nullable: true, description: 'Do not retry before this time. Null when no time is known.' })
  readonly retryAfter: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Identifies the entry in the gateway's log that has the cause. Null when the message itself names the cause.",
  })
  readonly reference: string | null;

  constructor(code: ErrorCode, message: string, retryAfter: Date | null = null, reference: string | null = null) {
    this.code = code;
    this.message = message;
    this.retryAfter = retryAfter;
    this.reference = reference;
  }
}

export const retryAfterOf = (retryAfterMs: number | undefined): Date | null =>
  retryAfterMs === undefined ? null : new Date(Date.now() + retryAfterMs);

/** The problem of an aborted request. Its client has usually disconnected and does not read it. */
export const GIVEN_UP = { code: 'TIMEOUT', message: 'The request was cancelled before it was answered.' } as const;

/**
 * Returns what a client may see of an error. An error that is not a MailError is logged under the reference that the
 * problem shows.
 */
export function problemOf(thrown: unknown, log: Logger): Problem {
  const away = storeErrorIn(thrown);
  if (away) log.warn({ err: away.cause }, 'the store is unavailable');
  const error = away ?? thrown;
  if (isMailError(error)) return new Problem(publicCode(error.code), error.message, retryAfterOf(error.retryAfterMs));
  if (isGivenUp(error)) return new Problem(GIVEN_UP.code, GIVEN_UP.message);
  const reference = randomUUID();
  log.error({ err: error, reference }, 'an unexpected error is shown as a problem');
  return new Problem('INTERNAL', 'Something went wrong', null, reference);
}
