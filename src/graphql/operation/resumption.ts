import { type GraphQLArgument, type GraphQLSchema, getNullableType, isLeafType } from 'graphql';
import type { Context } from '../context.ts';

/**
 * Lets a transport resume each subscription that has the argument `after`: `Context.resumeAfter` replaces the argument,
 * whether the document has it as a variable, as a literal or not at all. A client that reconnects repeats its request
 * unchanged, so what its document says is older than what its transport says (WHATWG HTML, section 9.2.4:
 * Last-Event-ID).
 */
export function resumeSubscriptions(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const after = field.args.find(({ name }) => name === 'after');
    const { subscribe } = field;
    if (!after || !subscribe) continue;
    field.subscribe = (source, args, context: Context, info) =>
      subscribe(source, argumentsOf(args, after, context), context, info);
  }
}

/** @throws BAD_USER_INPUT for a text that the type of the argument refuses */
function argumentsOf(args: object, { type }: GraphQLArgument, { resumeAfter }: Context): object {
  if (resumeAfter === undefined) return args;
  const scalar = getNullableType(type);
  return { ...args, after: isLeafType(scalar) ? scalar.parseValue(resumeAfter) : resumeAfter };
}
