import { badInput } from '../../domain/error.ts';
import { allOf, EVERYTHING, NOTHING } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { hasWord } from '../../domain/search/words.ts';
import { requireReasonableSearch } from './search-limits.ts';
import { conditionOfTerm, type Field, isField, type OperatorName, type Term } from './search-operators.ts';
import { type Token, tokenize } from './search-tokens.ts';
import { type TimeZone, UTC } from './time-zone.ts';

const MAX_GROUP_DEPTH = 10;

/** A parsed part of a search. Null: it contains only punctuation. */
type ParsedCondition = UserCondition | null;

/**
 * Parses the search syntax that docs/search.md defines. Terms side by side must all match. OR joins the
 * two terms next to it and takes precedence over that. - in front of a term or group negates it, parentheses group, and
 * quotes make a phrase. Null for an empty search. Throws BAD_USER_INPUT for a search that would be misunderstood.
 */
export function parseSearch(search: string, zone: TimeZone = UTC): UserCondition | null {
  const tokens = tokenize(search);
  if (search.trim() === '') return null;
  return requireReasonableSearch(new Parser(tokens, zone).sequence(null) ?? NOTHING);
}

class Parser {
  private next = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly zone: TimeZone,
  ) {}

  /** `outer` is the operator of a group, which applies to all terms without their own operator. */
  sequence(outer: OperatorName | null): ParsedCondition {
    const parts: UserCondition[] = [];
    while (this.next < this.tokens.length && this.peek()?.kind !== ')') {
      const part = this.alternatives(outer);
      if (part) parts.push(part);
    }
    return parts.length === 0 ? null : allOf(parts);
  }

  private alternatives(outer: OperatorName | null): ParsedCondition {
    const parts = [this.factor(outer)];
    while (this.peek()?.kind === 'or') {
      this.next++;
      parts.push(this.factor(outer));
    }
    const parsed = parts.filter((part) => part !== null);
    if (parsed.length === 0) return null;
    return parsed.length === 1 ? (parsed[0] as UserCondition) : { kind: 'or', of: parsed };
  }

  private factor(outer: OperatorName | null): ParsedCondition {
    const token = this.tokens[this.next++] as Token;
    if (token.kind === 'term') return this.term(token, outer);
    if (token.kind === '(') return this.group(token.operator ?? outer);
    // AND has the same meaning as terms side by side.
    return token.kind === '-' ? this.negation(outer) : null;
  }

  private negation(outer: OperatorName | null): ParsedCondition {
    const isTerm = this.peek()?.kind === 'term';
    const negated = this.factor(outer);
    if (negated !== null) return { kind: 'not', of: negated };
    // A group of punctuation matches nothing, so its negation matches everything. "->" is punctuation.
    return isTerm ? null : EVERYTHING;
  }

  private term(term: Term, outer: OperatorName | null): ParsedCondition {
    const { operator, value, quoted } = term;
    if (operator === null) return hasWord(value) ? this.plain(term, outer) : null;
    if (quoted || value !== '') return conditionOfTerm(operator, term, this.zone);
    return (isField(operator) ? this.following(operator) : null) ?? this.plain({ ...term, value: operator }, outer);
  }

  /** The value of a field operator before white space: the next term or group that contains a word. Null when there is none. */
  private following(operator: Field): ParsedCondition {
    for (;;) {
      const token = this.peek();
      if ((token?.kind !== 'term' && token?.kind !== '(') || token.operator !== null) return null;
      this.next++;
      const parsed = token.kind === '(' ? this.group(operator) : this.fieldValue(operator, token);
      if (parsed !== null) return parsed;
    }
  }

  private fieldValue(operator: Field, term: Term): ParsedCondition {
    return hasWord(term.value) ? conditionOfTerm(operator, term, this.zone) : null;
  }

  private plain(term: Term, outer: OperatorName | null): UserCondition {
    return outer === null ? { kind: 'text', value: term.value } : conditionOfTerm(outer, term, this.zone);
  }

  private group(outer: OperatorName | null): ParsedCondition {
    if (++this.depth > MAX_GROUP_DEPTH) throw badInput(`search may nest parentheses at most ${MAX_GROUP_DEPTH} deep.`);
    const parsed = this.sequence(outer);
    this.next++;
    this.depth--;
    return parsed;
  }

  private peek(): Token | undefined {
    return this.tokens[this.next];
  }
}
