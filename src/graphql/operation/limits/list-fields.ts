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

/** The page argument that is a number of items. Others are lists of ids. */
export const FIRST = 'first';

export const fieldsOf = (type: GraphQLNamedType | undefined): readonly Field[] =>
  isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];

export const isListOfObjects = (field: Field): boolean =>
  isListType(getNullableType(field.type)) && isComposite(getNamedType(field.type));

const isComposite = (type: GraphQLNamedType): boolean => isObjectType(type) || isAbstractType(type);

/** The facts about the lists of a schema that counting needs. Each type is analysed once. */
export class ListFields {
  private readonly pages = new Map<GraphQLNamedType, string | null>();
  private readonly leading = new Map<GraphQLNamedType, boolean>();

  constructor(private readonly schema: GraphQLSchema) {}

  /**
   * Returns the argument that decides the length of the list in an object of this type, if such an object is a page.
   * The argument belongs to the field that returns the object.
   */
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

  /** Returns whether the field is resolved by a separate request to a provider or the database. */
  isRead(field: Field): boolean {
    if (this.pageArgument(getNamedType(field.type)) === FIRST) return true;
    return listSizeOf(field)?.isRead ?? (isListOfObjects(field) && field.args.some(({ name }) => name === FIRST));
  }

  /** Returns whether lists can be selected below an object of this type. A type without them multiplies nothing. */
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
