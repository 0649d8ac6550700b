import { GraphQLError, Kind, type Token, TokenKind } from 'graphql';
import type { ErrorCode } from '../../domain/error.ts';
import type { RequestCode } from '../errors/error-code.enum.ts';

/** graphql-js gives its errors no code, and a scalar that refuses a literal gives them its own. */
export function refusedAs(code: RequestCode | ErrorCode, error: GraphQLError, message = error.message): GraphQLError {
  const { nodes = null, source = null, positions = null, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { ...extensions, code } });
}

/**
 * graphql-js refuses a null that is written in the document with its type alone, as a fault of validation. Through a variable
 * it is BAD_USER_INPUT that names the argument: so it is here, and a client finds what it gave. Null: it is another error.
 */
export function refusedNull({ message, nodes }: Pick<GraphQLError, 'message' | 'nodes'>): string | null {
  const node = nodes?.[0];
  const [, type] = /^Expected value of type "(.+!)", found null\.$/.exec(message) ?? [];
  if (node?.kind !== Kind.NULL || !node.loc || type === undefined) return null;
  const given = givenTo(node.loc.startToken);
  return given === null ? null : `${given} of non-null type "${type}" must not be null.`;
}

/** The argument, input field or variable that a value stands in, found backwards; of a list what the list stands in. */
function givenTo(value: Token): string | null {
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
