import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/**
 * Returns whether a field of `names` is selected at most `depth` levels below the field that is being resolved. Its own
 * fields are level 1.
 */
export function selects(info: GraphQLResolveInfo, names: ReadonlySet<string>, depth: number): boolean {
  return info.fieldNodes.some(
    ({ selectionSet }) => selectionSet && some(info, selectionSet, depth, (name) => names.has(name)),
  );
}

/** Returns whether only fields of `names` are selected from the object that is being resolved. */
export function selectsOnly(info: GraphQLResolveInfo, names: ReadonlySet<string>): boolean {
  return !info.fieldNodes.some(
    ({ selectionSet }) => selectionSet && some(info, selectionSet, 1, (name) => !names.has(name)),
  );
}

function some(
  info: GraphQLResolveInfo,
  set: SelectionSetNode,
  depth: number,
  matches: (name: string) => boolean,
): boolean {
  return set.selections.some((selection) => {
    if (selection.kind === 'InlineFragment') return some(info, selection.selectionSet, depth, matches);
    if (selection.kind === 'FragmentSpread') {
      const fragment = info.fragments[selection.name.value];
      return fragment !== undefined && some(info, fragment.selectionSet, depth, matches);
    }
    if (matches(selection.name.value)) return true;
    return depth > 1 && selection.selectionSet !== undefined && some(info, selection.selectionSet, depth - 1, matches);
  });
}
