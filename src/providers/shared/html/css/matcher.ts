import type { AttributeTest, Compound, NthPosition, Selector } from './selector.ts';
import type { Rule } from './style-sheet.ts';

/** An open element, with the properties that selectors test. */
export interface StyledElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly parent: StyledElement | null;
  /** The previous element in the same parent. */
  readonly previous: StyledElement | null;
  /** Its position among the elements of its parent, from 1. */
  readonly position: number;
  /** Its position among the elements of its parent with the same name. */
  readonly positionOfType: number;
  /** The number of elements in its parent, or null when no rule needs it. */
  readonly siblingCounts: Siblings | null;
}

export interface Siblings {
  count: number;
  readonly byName: Map<string, number>;
}

/** Returns whether a rule needs a position counted from the end, which is known only after reading all elements. */
export function countsFromEnd(rules: readonly Rule[]): boolean {
  const counts = ({ positions, anyOf, noneOf }: Compound): boolean =>
    positions.some(({ isFromEnd }) => isFromEnd) || noneOf.some(counts) || anyOf.some((list) => list.some(counts));
  return rules.some(({ selectors }) => selectors.some(({ compounds }) => compounds.some(counts)));
}

interface Candidate {
  readonly selector: Selector;
  readonly rule: number;
}

/**
 * Finds the rules that match an element, weakest first (CSS Cascade 4, section 6.1). Rules are indexed by the last id,
 * class or type of their selectors. Every comparison is counted, and `hasGivenUp` reports that there were more than
 * `maxSteps`.
 */
export class RuleMatcher {
  private readonly byKey = new Map<string, Candidate[]>();
  private readonly classes = new WeakMap<StyledElement, ReadonlySet<string>>();
  private readonly earlierMatches = new WeakMap<Compound, WeakMap<StyledElement, boolean>>();
  private steps = 0;

  constructor(
    private readonly rules: readonly Rule[],
    private readonly maxSteps: number,
  ) {
    for (const [rule, { selectors }] of this.rules.entries())
      for (const selector of selectors) this.index({ selector, rule });
  }

  get hasGivenUp(): boolean {
    return this.steps > this.maxSteps;
  }

  /** Returns the indexes of the matching rules, without duplicates. */
  rulesFor(element: StyledElement): number[] {
    /** The greatest specificity with which each rule matches. */
    const met = new Map<number, number>();
    for (const key of this.keysOf(element))
      for (const { selector, rule } of this.byKey.get(key) ?? []) {
        if (this.hasGivenUp) return [];
        if (selector.specificity <= (met.get(rule) ?? -1) || !this.matches(selector, element)) continue;
        met.set(rule, selector.specificity);
      }
    return [...met].sort(([a, one], [b, other]) => one - other || a - b).map(([rule]) => rule);
  }

  private index(candidate: Candidate): void {
    const [subject] = candidate.selector.compounds as [Compound];
    const key =
      subject.ids[0] !== undefined
        ? `#${subject.ids[0]}`
        : subject.classes[0] !== undefined
          ? `.${subject.classes[0]}`
          : (subject.type ?? '*');
    const known = this.byKey.get(key);
    if (known) known.push(candidate);
    else this.byKey.set(key, [candidate]);
  }

  private *keysOf(element: StyledElement): Iterable<string> {
    yield '*';
    yield element.name;
    for (const name of this.classesOf(element)) yield `.${name}`;
    const { id } = element.attributes;
    if (id !== undefined) yield `#${id}`;
  }

  private classesOf(element: StyledElement): ReadonlySet<string> {
    let known = this.classes.get(element);
    if (known === undefined) {
      known = new Set((element.attributes.class ?? '').split(/[\t\n\f\r ]/).filter((name) => name !== ''));
      this.classes.set(element, known);
    }
    return known;
  }

  /**
   * Matches a selector from the element outwards. Compounds joined by ">" are matched as a group. Of all positions
   * where a group fits, the innermost is right, because it leaves most to the outer groups, so nothing is tried twice.
   */
  private matches(selector: Selector, element: StyledElement): boolean {
    const { compounds, within } = selector;
    if (within.some((combinator) => combinator === 'next' || combinator === 'later'))
      return this.matchesFrom(selector, 0, element);
    let [first, at]: [number, StyledElement | null] = [0, element];
    while (first < compounds.length) {
      let last = first;
      while (within[last] === 'child') last++;
      let end: StyledElement | null | undefined;
      for (let from: StyledElement | null = at; from !== null && end === undefined; from = from.parent) {
        end = this.groupEnd(compounds, first, last, from);
        // The first group must match this element and no other.
        if (first === 0) break;
      }
      if (end === undefined) return false;
      first = last + 1;
      at = end;
    }
    return true;
  }

  /** Tries all possibilities, which sibling combinators need. Every comparison is counted. */
  private matchesFrom(selector: Selector, index: number, element: StyledElement): boolean {
    if (this.hasGivenUp || !this.meets(selector.compounds[index] as Compound, element)) return false;
    const { parent, previous } = element;
    switch (selector.within[index]) {
      case 'child':
        return parent !== null && this.matchesFrom(selector, index + 1, parent);
      case 'next':
        return previous !== null && this.matchesFrom(selector, index + 1, previous);
      case 'descendant':
        for (let at = parent; at !== null; at = at.parent) if (this.matchesFrom(selector, index + 1, at)) return true;
        return false;
      case 'later':
        return this.hasEarlierMatch(selector, index + 1, element);
      default:
        return true;
    }
  }

  /** Remembers the result for earlier siblings, so that a thousand siblings are compared only once. */
  private hasEarlierMatch(selector: Selector, index: number, element: StyledElement): boolean {
    const key = selector.compounds[index] as Compound;
    const known = this.earlierMatches.get(key) ?? new WeakMap<StyledElement, boolean>();
    this.earlierMatches.set(key, known);
    let found = false;
    for (let at = element.previous; at !== null && !found; at = at.previous) {
      found = this.matchesFrom(selector, index, at);
      const before = known.get(at);
      if (found || before === undefined) continue;
      found = before;
      break;
    }
    known.set(element, found);
    return found;
  }

  /**
   * Returns the parent of the elements that match the group, null at the root, or undefined when one does not match.
   */
  private groupEnd(
    compounds: readonly Compound[],
    first: number,
    last: number,
    from: StyledElement,
  ): StyledElement | null | undefined {
    let at: StyledElement | null = from;
    for (let index = first; index <= last; index++) {
      if (at === null || !this.meets(compounds[index] as Compound, at)) return undefined;
      at = at.parent;
    }
    return at;
  }

  private meets(compound: Compound, element: StyledElement): boolean {
    this.steps++;
    if (this.hasGivenUp) return false;
    if (compound.type !== null && compound.type !== element.name) return false;
    if (compound.isRoot && element.parent !== null) return false;
    if (compound.isLink && !(element.name === 'a' && 'href' in element.attributes)) return false;
    if (!compound.ids.every((id) => id === element.attributes.id)) return false;
    if (!compound.classes.every((name) => this.classesOf(element).has(name))) return false;
    if (!compound.positions.every((position) => isAtPosition(position, element))) return false;
    if (compound.noneOf.some((one) => this.meets(one, element))) return false;
    if (!compound.anyOf.every((list) => list.some((one) => this.meets(one, element)))) return false;
    this.steps += compound.classes.length + compound.positions.length;
    return compound.attributes.every((test) => this.passes(test, element));
  }

  private passes({ name, operator, value: expected, isCaseless }: AttributeTest, element: StyledElement): boolean {
    if (!Object.hasOwn(element.attributes, name)) return false;
    const written = element.attributes[name] as string;
    const value = isCaseless ? written.toLowerCase() : written;
    // The whole value is searched.
    this.steps += 1 + Math.floor((value.length + expected.length) / 16);
    switch (operator) {
      case '':
        return true;
      case '=':
        return value === expected;
      case '~=':
        return expected !== '' && value.split(/[\t\n\f\r ]/).includes(expected);
      case '|=':
        return value === expected || value.startsWith(`${expected}-`);
      case '^=':
        return expected !== '' && value.startsWith(expected);
      case '$=':
        return expected !== '' && value.endsWith(expected);
      default:
        return expected !== '' && value.includes(expected);
    }
  }
}

function isAtPosition({ step, offset, isOfType, isFromEnd }: NthPosition, element: StyledElement): boolean {
  const { siblingCounts, name } = element;
  const position = isOfType ? element.positionOfType : element.position;
  const last = (isOfType ? siblingCounts?.byName.get(name) : siblingCounts?.count) ?? position;
  const distance = (isFromEnd ? last - position + 1 : position) - offset;
  return step === 0 ? distance === 0 : distance % step === 0 && distance / step >= 0;
}
