import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';
import { type QueryLimits, tooComplex } from './query-limits.ts';

/**
 * The size of a selection set with its fragments expanded. It is Infinity for a fragment bomb, which doubles at each
 * level.
 */
interface Shape {
  depth: number;
  breadth: number;
  aliases: number;
  fields: number;
}

/**
 * Refuses a document that is too large before it is validated. Validation compares fields with each other, which a
 * hostile document makes slow. Each fragment is measured once, so the time is linear in the document.
 * @throws GraphQLError QUERY_TOO_COMPLEX
 */
export function checkShape(document: DocumentNode, limits: QueryLimits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const measured = new Map<string, Shape>();

  const measureFragment = (name: string): Shape => {
    const known = measured.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    // A fragment inside itself has the size zero there. The validation that follows refuses the cycle.
    measured.set(name, { depth: 0, breadth: 0, aliases: 0, fields: 0 });
    const shape = fragment ? measure(fragment.selectionSet) : { depth: 0, breadth: 0, aliases: 0, fields: 0 };
    measured.set(name, shape);
    return shape;
  };

  const measure = (set: SelectionSetNode): Shape => {
    const sum: Shape = { depth: 0, breadth: 0, aliases: 0, fields: 0 };
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        const inner = node.selectionSet ? measure(node.selectionSet) : null;
        sum.depth = Math.max(sum.depth, 1 + (inner?.depth ?? 0));
        sum.breadth += 1;
        sum.aliases += (node.alias ? 1 : 0) + (inner?.aliases ?? 0);
        sum.fields += 1 + (inner?.fields ?? 0);
      } else {
        const inner =
          node.kind === Kind.INLINE_FRAGMENT ? measure(node.selectionSet) : measureFragment(node.name.value);
        sum.depth = Math.max(sum.depth, inner.depth);
        sum.breadth += inner.breadth;
        sum.aliases += inner.aliases;
        sum.fields += inner.fields;
      }
    }
    refuse('levels deep', sum.depth, limits.depth);
    refuse('fields wide in one object', sum.breadth, limits.breadth);
    refuse('aliases', sum.aliases, limits.aliases);
    refuse('fields', sum.fields, limits.fields);
    return sum;
  };

  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) measure(node.selectionSet);
    if (node.kind === Kind.FRAGMENT_DEFINITION) measureFragment(node.name.value);
  }
}

function refuse(what: string, actual: number, limit: number): void {
  if (actual <= limit) return;
  throw tooComplex(
    `The query is too complex: at least ${actual} ${what}, at most ${limit} are allowed. Select less, or send several requests.`,
  );
}
