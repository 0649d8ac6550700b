import { GraphQLError, Kind, type Token, TokenKind } from 'graphql';
import type { ErrorCode } from '../../domain/error.ts';
import type { RequestCode } from '../errors/error-code.enum.ts';

/**
 * Sets the code of an error: those of graphql-js have none, and a scalar that refuses a literal sets a code of its own.
 */
export function refusedAs(code: RequestCode | ErrorCode, error: GraphQLError, message = error.message): GraphQLError {
  const { nodes = null, source = null, positions = null, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { ...extensions, code } });
}

/**
 * Returns the message for a null that is written in the document where it must not be, and null for any other error.
 * graphql-js reports it as a validation error that names only the type. Here it is BAD_USER_INPUT that names the
 * argument, as for a null in a variable.
 */
export function refusedNull({ message, nodes }: Pick<GraphQLError, 'message' | 'nodes'>): string | null {
  const node = nodes?.[0];
  const [, type] = /^Expected value of type "(.+!)", found null\.$/.exec(message) ?? [];
  if (node?.kind !== Kind.NULL || !node.loc || type === undefined) return null;
  const owner = ownerOf(node.loc.startToken);
  return owner === null ? null : `${owner} of non-null type "${type}" must not be null.`;
}

/**
 * Names the argument, input field or variable that a value belongs to. It is found by reading the tokens backwards; for
 * an item of a list it is the owner of the list.
 */
function ownerOf(value: Token): string | null {
  let closed = 0;
  for (let token = value.prev; token !== null; token = token.prev) {
    if (token.kind === TokenKind.BRACKET_R || token.kind === TokenKind.BRACE_R) closed++;
    else if (closed > 0 && (token.kind === TokenKind.BRACKET_L || token.kind === TokenKind.BRACE_L)) closed--;
    else if (closed === 0 && token.kind === TokenKind.COLON) return named(token.prev);
  }
  return null;
}

function named(name: Token | null): string | null {
  if (name === null) return null;
  if (name.prev?.kind === TokenKind.DOLLAR) return `Variable "$${name.value}"`;
  let closed = 0;
  for (let token = name.prev; token !== null; token = token.prev) {
    if (token.kind === TokenKind.BRACKET_R || token.kind === TokenKind.BRACE_R) closed++;
    else if (closed > 0 && (token.kind === TokenKind.BRACKET_L || token.kind === TokenKind.BRACE_L)) closed--;
    else if (closed === 0 && token.kind === TokenKind.BRACE_L) return `Field "${name.value}"`;
    else if (closed === 0 && token.kind === TokenKind.PAREN_L) return `Argument "${name.value}"`;
  }
  return null;
}
