import { GraphQLError } from 'graphql';
import { type QueryLimits, tooComplex } from './query-limits.ts';

/**
 * Checks every value in the variables, whatever its type.
 * @throws GraphQLError QUERY_TOO_COMPLEX, BAD_USER_INPUT
 */
export function checkVariables(variables: Readonly<Record<string, unknown>>, limits: QueryLimits): void {
  for (const [name, value] of Object.entries(variables)) check(value, limits, 1, [name]);
}

function check(value: unknown, limits: QueryLimits, depth: number, path: readonly (string | number)[]): void {
  if (typeof value === 'string' && !isWellFormed(value)) throw notText(path);
  if (typeof value !== 'object' || value === null) return;
  if (depth > limits.depth) throw tooComplex(`The variables are nested more than ${limits.depth} levels deep.`);
  if (Array.isArray(value)) {
    if (value.length > limits.inputList) {
      throw tooComplex(`A list in the variables has ${value.length} values; at most ${limits.inputList} are allowed.`);
    }
    for (const [index, inner] of value.entries()) check(inner, limits, depth + 1, [...path, index]);
    return;
  }
  for (const [name, inner] of Object.entries(value)) check(inner, limits, depth + 1, [...path, name]);
}

/**
 * Half of a surrogate pair is not a character. The grammar of GraphQL refuses it in a document, and neither UTF-8 nor a
 * URL can encode it.
 */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const notText = ([name, ...inner]: readonly (string | number)[]): GraphQLError => {
  const at = inner.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  return new GraphQLError(
    `Variable "$${name}" holds half of a surrogate pair${at === '' ? '' : ` at "${name}${at}"`}: a String is Unicode text. Cut texts between characters.`,
    { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } },
  );
};
