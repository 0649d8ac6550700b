import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import type { Context } from '../../context.ts';
import { listFieldsOf } from './list-fields.ts';
import { tooComplex } from './query-limits.ts';

/**
 * Holds each operation (each event of a subscription) to its number of lists while it is executed: how many accounts or
 * mailboxes there are is not known before. The fields beyond it are refused, and nobody is asked for them.
 */
export function countLists(schema: GraphQLSchema, max: number): void {
  const lists = listFieldsOf(schema);
  const read = (_context: Context) => ({ count: 0 });
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (!lists.isRead(field)) continue;
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (source, args, context: Context, info) => {
        const so = context.once(read);
        if (++so.count <= max) return resolve(source, args, context, info);
        throw tooComplex(
          `This request reads more than ${max} lists, which is the limit. Ask for fewer at a time, by the ids of their objects.`,
        );
      };
    }
  }
}
