import { allOf } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { badUserInput } from '../../graphql/bad-user-input.ts';
import { requireReasonable } from './search-limits.ts';
import { conditionOf } from './search-operators.ts';
import { type Token, tokenize } from './search-tokens.ts';

const DEEPEST_GROUP = 10;

/**
 * The one search syntax. Terms side by side must all hold; OR joins its two neighbours and binds tighter than that; -
 * in front of a term or a group negates it; parentheses group; "quotes" keep a phrase together.
 * Null for an empty search. Throws BAD_USER_INPUT naming what it does not understand.
 */
export function parseSearch(search: string): UserCondition | null {
  const tokens = tokenize(search);
  if (tokens.length === 0) return null;
  const parser = new Parser(tokens);
  return requireReasonable('search', parser.whole());
}

class Parser {
  private next = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): UserCondition {
    const condition = this.sequence();
    if (this.next < this.tokens.length) throw badUserInput('search has a ) without its (.');
    return condition;
  }

  private sequence(): UserCondition {
    const parts: UserCondition[] = [];
    while (this.next < this.tokens.length && this.peek() !== ')') parts.push(this.alternatives());
    if (parts.length === 0) throw badUserInput('search has an empty pair of parentheses.');
    return allOf(parts);
  }

  private alternatives(): UserCondition {
    const parts = [this.factor()];
    while (this.peek() === 'or') {
      this.next++;
      parts.push(this.factor());
    }
    return parts.length === 1 ? (parts[0] as UserCondition) : { kind: 'or', of: parts };
  }

  private factor(): UserCondition {
    const token = this.tokens[this.next++];
    switch (token?.kind) {
      case 'term':
        return conditionOf(token);
      case '-':
        return { kind: 'not', of: this.factor() };
      case '(':
        return this.group();
      default:
        throw badUserInput('search has an OR that needs a term on both sides; for the word itself write "OR".');
    }
  }

  private group(): UserCondition {
    if (++this.depth > DEEPEST_GROUP) throw badUserInput(`search may nest parentheses at most ${DEEPEST_GROUP} deep.`);
    const condition = this.sequence();
    if (this.peek() !== ')') throw badUserInput('search has a ( without its ).');
    this.next++;
    this.depth--;
    return condition;
  }

  private peek(): Token['kind'] | undefined {
    return this.tokens[this.next]?.kind;
  }
}
