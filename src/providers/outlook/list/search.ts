import { NOTHING, normalForm, replaced, worded } from '../../../domain/search/algebra.ts';
import type { Decision } from '../../../domain/search/branches.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { type IndexedWords, indexedWords } from './indexed.ts';

/** A condition, in what Graph's index decides of it and what envelopes do. */
export interface Compiled {
  /** Null: no words of bodies are asked for. */
  readonly words: IndexedWords | null;
  /** In normal form. */
  readonly checked: Condition;
  /** Nothing can match: no request is needed. */
  readonly nothing: boolean;
}

/** `where` is one that `branchesOf` leaves whole: no part of its `and` is decided by both. */
export function compile(where: Condition): Compiled {
  const normal = normalForm(replaced(where, worded));
  if (normal.kind === 'nothing') return { words: null, checked: NOTHING, nothing: true };
  const parts = normal.kind === 'and' ? normal.of : [normal];
  const asked = parts.filter(isOfIndex);
  const checked = parts.filter((part) => !asked.includes(part));
  return {
    words: asked.length === 0 ? null : indexedWords(normalForm({ kind: 'and', of: asked })),
    checked: normalForm({ kind: 'and', of: checked }),
    nothing: false,
  };
}

/** Only Graph's index knows the words of a body; an envelope decides all else. */
export const decides = ({ kind }: Condition): Decision => (kind === 'text' ? 'indexed' : 'checked');

export function isOfIndex(where: Condition): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.every(isOfIndex);
  return where.kind === 'not' ? isOfIndex(where.of) : decides(where) === 'indexed';
}
