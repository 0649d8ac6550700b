import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLErrorExtensions, type GraphQLFormattedError, Kind } from 'graphql';
import type { Logger } from 'pino';
import { ArgumentValidationError } from 'type-graphql';
import { ERROR_CODES, isGivenUp, isMailError, type MailError, publicCode, storeErrorIn } from '../../domain/error.ts';
import type { Context } from '../context.ts';
import { REQUEST_CODES } from './error-code.enum.ts';
import { GIVEN_UP, retryAfterOf } from './problem.type.ts';

const INTENDED: ReadonlySet<unknown> = new Set(ERROR_CODES);
const OF_REQUEST: ReadonlySet<unknown> = new Set(REQUEST_CODES);

/**
 * Masks an error for the client. The context gives the reference under which it is logged; an error that occurs outside
 * an operation has no context.
 */
export type ShowError = (error: unknown, context?: Pick<Context, 'log' | 'requestId'>) => GraphQLFormattedError;

/**
 * Creates the mask. Without `hints` no message suggests a name, because each name would give away a part of the schema
 * to clients that may not introspect it.
 */
export const errorMask =
  ({ log, hints }: { readonly log: Logger; readonly hints: boolean }): ShowError =>
  (error, context) => {
    const shown = maskError(error, context?.log ?? log, context?.requestId).toJSON();
    return hints ? shown : { ...shown, message: shown.message.replace(/ ?Did you mean .*\?$/s, '') };
  };

/**
 * Returns what a client may see of an error. Intended errors pass with their code. Every other error becomes "Something
 * went wrong" with a reference under which the log has the cause.
 */
export function maskError(error: unknown, log: Logger, reference: string = randomUUID()): GraphQLError {
  const outer = error instanceof GraphQLError ? error : null;
  // Apollo Server wraps the errors of graphql-js, and the wrapper has the code. An error with a path comes from a
  // resolver.
  if (outer && !outer.path && OF_REQUEST.has(outer.extensions.code))
    return located(outer, outer.message, shownOf(outer.extensions));
  if (outer && isOfVariable(outer)) return located(outer, outer.message, { code: 'BAD_USER_INPUT' });
  if (outer && isOfArgument(outer)) return located(outer, outer.message, { code: 'BAD_USER_INPUT' });
  const away = storeErrorIn(error);
  if (away) log.warn({ err: away.cause, reference, path: outer?.path }, 'the store is unavailable');
  const cause = away ?? rootOf(error);
  if (isMailError(cause)) return located(outer, cause.message, extensionsOf(cause));
  if (isGivenUp(cause)) return located(outer, GIVEN_UP.message, { code: GIVEN_UP.code });
  if (cause instanceof ArgumentValidationError)
    return located(outer, validationMessage(cause), { code: 'BAD_USER_INPUT' });
  if (cause instanceof GraphQLError) {
    if (INTENDED.has(cause.extensions.code)) return located(outer, cause.message, shownOf(cause.extensions));
    // A refusal of graphql-js has no code, and no path because no field was resolved.
    if (!cause.path && !cause.originalError && cause.extensions.code === undefined && !outer?.path) {
      return located(outer, cause.message, { code: 'BAD_USER_INPUT' });
    }
  }
  log.error({ err: cause, reference, path: outer?.path }, 'masked error');
  return located(outer, 'Something went wrong', { code: 'INTERNAL', reference });
}

/**
 * Returns whether the value of a variable does not fit its type. The error of the scalar, which is wrapped, does not
 * name the variable.
 */
function isOfVariable({ nodes, path, message, extensions: { code } }: GraphQLError): boolean {
  const [node, ...others] = nodes ?? [];
  if (path || others.length > 0 || node?.kind !== Kind.VARIABLE_DEFINITION) return false;
  return (
    (code === undefined || code === 'BAD_USER_INPUT') && message.startsWith(`Variable "$${node.variable.name.value}" `)
  );
}

/**
 * Returns whether graphql-js refused an argument during execution: a nullable variable was null in a position that has
 * a default but must not be null.
 */
function isOfArgument({ originalError, extensions: { code }, message }: GraphQLError): boolean {
  if (code !== undefined || (originalError && !(originalError instanceof GraphQLError))) return false;
  return /^Argument "\w+" (?:of non-null type|has invalid value) /.test(message);
}

function rootOf(error: unknown): unknown {
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof GraphQLError && cause.originalError; depth++)
    cause = cause.originalError;
  return cause;
}

function located(outer: GraphQLError | null, message: string, extensions: GraphQLErrorExtensions): GraphQLError {
  return new GraphQLError(message, {
    nodes: outer?.nodes ?? null,
    source: outer?.source ?? null,
    positions: outer?.positions ?? null,
    path: outer?.path ?? null,
    extensions,
  });
}

/** Returns what a client may see of a MailError beside its message, over every transport. */
export function extensionsOf(error: MailError): GraphQLErrorExtensions {
  const retryAfter = retryAfterOf(error.retryAfterMs);
  return {
    code: publicCode(error.code),
    ...(retryAfter && { retryAfter: retryAfter.toISOString() }),
    ...(error.field && { field: error.field }),
  };
}

/** class-validator returns the whole input as `target` and `value`. Only the rules that were broken are kept. */
function validationMessage(error: ArgumentValidationError): string {
  const broken = (error.extensions.validationErrors ?? []).flatMap((e) => Object.values(e.constraints ?? {}));
  return broken.length > 0 ? broken.join('; ') : 'An argument is not valid.';
}

/** Removes the echo of the input, and the HTTP status, which Apollo Server would apply. */
function shownOf(extensions: GraphQLErrorExtensions): GraphQLErrorExtensions {
  const { validationErrors: _echo, stacktrace: _stack, exception: _exception, http: _http, ...kept } = extensions;
  return kept;
}
