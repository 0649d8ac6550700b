import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import type { Context } from '../../context.ts';
import { listFieldsOf } from './list-fields.ts';
import { tooComplex } from './query-limits.ts';

/**
 * Limits the lists that each operation, or each event of a subscription, reads while it is executed, because the number
 * of accounts or mailboxes is not known before. Fields above the limit are refused without a request to a provider.
 */
export function countLists(schema: GraphQLSchema, max: number): void {
  const lists = listFieldsOf(schema);
  const createTotal = (_context: Context) => ({ count: 0 });
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (!lists.isRead(field)) continue;
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (source, args, context: Context, info) => {
        const total = context.once(createTotal);
        if (++total.count <= max) return resolve(source, args, context, info);
        throw tooComplex(
          `This request reads more than ${max} lists, which is the limit. Request fewer at a time, by the ids of their objects.`,
        );
      };
    }
  }
}
