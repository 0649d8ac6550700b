import { Field, ObjectType } from 'type-graphql';
import { type ErrorCode, INPUT_ERROR_CODES, isMailError } from '../../domain/error.ts';
import { ErrorCodeEnum } from './error-code.enum.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'Why a mutation was not carried out. A call with a different input can succeed.',
})
export class UserError {
  @Field(() => ErrorCodeEnum, { description: 'The error code, for programs.' })
  readonly code: ErrorCode;

  @Field(() => String, { description: 'What is wrong with the input, for people.' })
  readonly message: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'The path of the input field at fault, starting with `input`. Null when the input as a whole is at fault.',
  })
  readonly field: readonly string[] | null;

  constructor(code: ErrorCode, message: string, field: readonly string[] | null = null) {
    this.code = code;
    this.message = message;
    this.field = field;
  }
}

/** The errors that a mutation returns as data. CONSENT_REQUIRED concerns the account, so it names no input field. */
const USER_ERROR_CODES: ReadonlySet<string> = new Set([...INPUT_ERROR_CODES, 'CONSENT_REQUIRED']);

/**
 * Returns the error as data if a different input would solve it, or if its code is in `also`. Rethrows any other error.
 */
export function userErrorOf(error: unknown, also: readonly ErrorCode[] = []): UserError {
  if (isMailError(error) && (USER_ERROR_CODES.has(error.code) || also.some((code) => code === error.code))) {
    return new UserError(error.code as ErrorCode, error.message, error.field ?? null);
  }
  throw error;
}
