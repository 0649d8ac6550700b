import { NOTHING, normalForm, replaced, worded } from '../../../domain/search/algebra.ts';
import type { Decision } from '../../../domain/search/branches.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { type IndexedWords, indexedWords } from './indexed.ts';

/** A condition, divided into what Graph's index decides and what envelopes decide. */
export interface Compiled {
  /** Null when the condition has no words of bodies. */
  readonly words: IndexedWords | null;
  /** A condition in normal form. */
  readonly checked: Condition;
  /** True when nothing can match, so that no request is needed. */
  readonly matchesNothing: boolean;
}

/** Compiles a condition that `branchesOf` does not divide: no part of its `and` needs both the index and envelopes. */
export function compile(where: Condition): Compiled {
  const normal = normalForm(replaced(where, worded));
  if (normal.kind === 'nothing') return { words: null, checked: NOTHING, matchesNothing: true };
  const parts = normal.kind === 'and' ? normal.of : [normal];
  const ofIndex = parts.filter(isOfIndex);
  const checked = parts.filter((part) => !ofIndex.includes(part));
  return {
    words: ofIndex.length === 0 ? null : indexedWords(normalForm({ kind: 'and', of: ofIndex })),
    checked: normalForm({ kind: 'and', of: checked }),
    matchesNothing: false,
  };
}

/** Only Graph's index knows the words of a body. An envelope decides everything else. */
export const decides = ({ kind }: Condition): Decision => (kind === 'text' ? 'indexed' : 'checked');

export function isOfIndex(where: Condition): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.every(isOfIndex);
  return where.kind === 'not' ? isOfIndex(where.of) : decides(where) === 'indexed';
}
