import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import type { Context } from '../../context.ts';
import { weighs } from '../../value-size.ts';
import { tooComplex } from './query-limits.ts';

/**
 * Limits the characters of the bodies and header fields in each operation, or each event of a subscription, while it is
 * executed. The length of a message is not known before: a message of 5 MB under 99 aliases would be a response of 500
 * MB, which would block all other requests. The first value is always returned, however long it is.
 */
export function countCharacters(schema: GraphQLSchema, max: number): void {
  const createTotal = (_context: Context) => ({ characters: 0 });
  const counted = (value: unknown, context: Context): unknown => {
    if (typeof value !== 'string') return value;
    const total = context.once(createTotal);
    const isFirst = total.characters === 0;
    if (!isFirst && total.characters + value.length > max) throw tooLong(max);
    total.characters += value.length;
    return value;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (!weighs(field)) continue;
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (source, args, context: Context, info) => {
        const value: unknown = resolve(source, args, context, info);
        return value instanceof Promise ? value.then((one) => counted(one, context)) : counted(value, context);
      };
    }
  }
}

const tooLong = (max: number) =>
  tooComplex(
    `The bodies and header fields of this response have more than ${max} characters together, which is the limit. Request fewer messages at a time, and each body once.`,
  );
