import { Field, ObjectType } from 'type-graphql';
import { type ErrorCode, isMailError } from '../domain/error.ts';
import { ErrorCodeEnum } from './error-code.enum.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'Why a mutation did not do what it was asked, where another input would mend it.',
})
export class UserError {
  @Field(() => ErrorCodeEnum, { description: 'For programs: decide by this.' })
  readonly code: ErrorCode;

  @Field(() => String, { description: 'For people: what is wrong with the input.' })
  readonly message: string;

  @Field(() => [String], {
    nullable: true,
    description: 'The path of the field at fault, from `input` on; null for the whole.',
  })
  readonly field: readonly string[] | null;

  constructor(code: ErrorCode, message: string, field: readonly string[] | null = null) {
    this.code = code;
    this.message = message;
    this.field = field;
  }
}

const MENDABLE: ReadonlySet<string> = new Set([
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'INVALID',
  'CONFLICT',
  'UNSUPPORTED',
  'CONSENT_REQUIRED',
]);

/** The error as data when the caller can mend it by another input, or it is one of `also`; anything else is thrown again. */
export function userErrorOf(error: unknown, also: readonly ErrorCode[] = []): UserError {
  if (isMailError(error) && (MENDABLE.has(error.code) || also.some((code) => code === error.code))) {
    return new UserError(error.code as ErrorCode, error.message, error.field ?? null);
  }
  throw error;
}
