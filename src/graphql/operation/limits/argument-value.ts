import {
  type DirectiveNode,
  type GraphQLField,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Reads arguments before they are coerced: from the document, the variables and the defaults. Values of a wrong type
 * are refused elsewhere.
 */
export class ArgumentValues {
  /** Whether a value was looked up that the variables, or their absence, decide. */
  readsVariables = false;
  private readonly defaults = new Map<string, ValueNode>();

  constructor(
    operation: OperationDefinitionNode,
    private readonly variables: Variables,
  ) {
    for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
      if (defaultValue) this.defaults.set(variable.name.value, defaultValue);
    }
  }

  /**
   * Returns the length of the list, or the number, at `path`, whose first part is the name of an argument. Null if it
   * is absent.
   */
  size(
    args: readonly { readonly name: { readonly value: string }; readonly value: ValueNode }[],
    field: GraphQLField<unknown, unknown>,
    path: string,
  ): number | null {
    const [name = '', ...inner] = path.split('.');
    const node = args.find((argument) => argument.name.value === name)?.value;
    const found = node && this.inNode(node, inner);
    return found ?? sizeOf(field.args.find((argument) => argument.name === name)?.defaultValue, inner);
  }

  /** Returns the string value of an argument, or null if it has none. */
  text(
    args: readonly { readonly name: { readonly value: string }; readonly value: ValueNode }[],
    name: string,
  ): string | null {
    const node = args.find((argument) => argument.name.value === name)?.value;
    if (node?.kind === Kind.VARIABLE) this.readsVariables = true;
    const value = node?.kind === Kind.VARIABLE ? this.variables[node.name.value] : undefined;
    if (value !== undefined) return typeof value === 'string' ? value : null;
    const written = node?.kind === Kind.VARIABLE ? this.defaults.get(node.name.value) : node;
    return written?.kind === Kind.STRING ? written.value : null;
  }

  private inNode(node: ValueNode, path: readonly string[]): number | null {
    if (node.kind === Kind.VARIABLE) {
      this.readsVariables = true;
      const name = node.name.value;
      const value = this.variables[name];
      const fallback = this.defaults.get(name);
      return value === undefined && fallback ? this.inNode(fallback, path) : sizeOf(value, path);
    }
    const [name, ...inner] = path;
    if (name === undefined) return node.kind === Kind.LIST ? node.values.length : sizeOf(valueFromASTUntyped(node), []);
    if (node.kind !== Kind.OBJECT) return null;
    const field = node.fields.find((one) => one.name.value === name);
    return field ? this.inNode(field.value, inner) : null;
  }
}

/** A single value counts as a list of one, because GraphQL coerces it to one. */
function sizeOf(value: unknown, path: readonly string[]): number | null {
  const [name, ...inner] = path;
  if (value === undefined || value === null) return null;
  if (name !== undefined) {
    return typeof value === 'object' && Object.hasOwn(value, name)
      ? sizeOf((value as Record<string, unknown>)[name], inner)
      : null;
  }
  if (typeof value === 'number') return value;
  return Array.isArray(value) ? value.length : 1;
}

/**
 * Returns whether a directive leaves the field out whatever the variables are. A field that depends on a variable
 * counts.
 */
export function isLeftOut(directives: readonly DirectiveNode[] | undefined): boolean {
  return (directives ?? []).some(({ name, arguments: args }) => {
    const value = args?.find((argument) => argument.name.value === 'if')?.value;
    if (value?.kind !== Kind.BOOLEAN) return false;
    return name.value === 'skip' ? value.value : name.value === 'include' && !value.value;
  });
}
