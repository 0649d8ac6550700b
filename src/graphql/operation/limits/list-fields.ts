import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInterfaceType,
  isListType,
  isObjectType,
} from 'graphql';
import { listSizeOf } from '../../list-size.ts';

type Field = GraphQLField<unknown, unknown>;

/** The page argument that is a number of items and not a list of ids. */
export const FIRST = 'first';

export const fieldsOf = (type: GraphQLNamedType | undefined): readonly Field[] =>
  isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];

export const isListOfObjects = (field: Field): boolean =>
  isListType(getNullableType(field.type)) && isComposite(getNamedType(field.type));

const isComposite = (type: GraphQLNamedType): boolean => isObjectType(type) || isAbstractType(type);

/** The facts about a schema's lists that counting needs; each type is analysed once. */
export class ListFields {
  private readonly pages = new Map<GraphQLNamedType, string | null>();
  private readonly leading = new Map<GraphQLNamedType, boolean>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** The argument of the field above an object of this type that says how long the object's list is: it is a page. */
  pageArgument(type: GraphQLNamedType): string | null {
    const known = this.pages.get(type);
    if (known !== undefined) return known;
    let argument: string | null = null;
    for (const field of fieldsOf(type)) {
      const size = listSizeOf(field);
      if (size && 'parentArgument' in size) argument = size.parentArgument;
    }
    this.pages.set(type, argument);
    return argument;
  }

  /** Whether resolving the field is a separate request to a provider or the database. */
  isRead(field: Field): boolean {
    if (this.pageArgument(getNamedType(field.type)) === FIRST) return true;
    return listSizeOf(field)?.isRead ?? (isListOfObjects(field) && field.args.some(({ name }) => name === FIRST));
  }

  /** Whether lists can be asked for below an object of this type; what is the end of it multiplies nothing. */
  leadsOn(type: GraphQLNamedType): boolean {
    const known = this.leading.get(type);
    if (known !== undefined) return known;
    this.leading.set(type, false);
    const objects = isAbstractType(type) ? this.schema.getPossibleTypes(type) : [type];
    const leads = objects.some((object) =>
      fieldsOf(object).some((field) => isListOfObjects(field) || this.leadsOn(getNamedType(field.type))),
    );
    this.leading.set(type, leads);
    return leads;
  }
}

const known = new WeakMap<GraphQLSchema, ListFields>();

export function listFieldsOf(schema: GraphQLSchema): ListFields {
  const fields = known.get(schema) ?? new ListFields(schema);
  known.set(schema, fields);
  return fields;
}
