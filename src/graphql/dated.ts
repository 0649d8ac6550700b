import {
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  OperationTypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { Extensions } from 'type-graphql';

/**
 * Declares that a field with a resolver notes all that it reads in `Context.reads`, or reads nothing but its parent. A field
 * with a resolver and without this makes the answers that contain it undated, and so does a field that depends on the clock.
 */
export const Dated = (): MethodDecorator & PropertyDecorator => Extensions({ dated: true });

/**
 * Returns the first field of an operation whose reads are not declared, as "Type.field", or null when all of them are. Only
 * a query can be dated.
 */
export function undatedFieldIn(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): string | null {
  if (getOperationAST(document, operationName || null)?.operation !== OperationTypeNode.QUERY)
    return 'an operation that is no query';
  let found: string | null = null;
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const parent = types.getParentType();
        const named = parent && getNamedType(parent);
        // An object that is selected through an interface resolves the field as its own type does.
        const owners = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
        for (const owner of owners) {
          if (!isObjectType(owner) && !isInterfaceType(owner)) continue;
          const field = owner.getFields()[node.name.value];
          if (field?.resolve && field.extensions.dated !== true) found ??= `${owner.name}.${field.name}`;
        }
      },
    }),
  );
  return found;
}
