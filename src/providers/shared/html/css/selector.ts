export interface AttributeTest {
  readonly name: string;
  /** An empty string tests whether the attribute exists. */
  readonly operator: '' | '=' | '~=' | '|=' | '^=' | '$=' | '*=';
  readonly value: string;
  /** True when case is ignored. */
  readonly isCaseless: boolean;
}

/** Every `step`th position from `offset` on, counted from 1. */
export interface NthPosition {
  readonly step: number;
  readonly offset: number;
  /** True when only elements of the same name are counted. */
  readonly isOfType: boolean;
  /** True when counting starts at the last element. */
  readonly isFromEnd: boolean;
}

/** The tests of one element. */
export interface Compound {
  /** In lower case. Null means any element. */
  type: string | null;
  readonly ids: string[];
  readonly classes: string[];
  readonly attributes: AttributeTest[];
  /** :link matches every link, because nobody knows which ones the reader has visited. */
  isLink: boolean;
  isRoot: boolean;
  /** Positions among the elements of its parent. */
  readonly positions: NthPosition[];
  /** One compound of each list must match (:is, :where). */
  readonly anyOf: (readonly Compound[])[];
  /** None of these may match (:not). */
  readonly noneOf: Compound[];
}

/** The relation of an element to another: its child, its descendant, directly after it, or anywhere after it. */
export type Combinator = 'child' | 'descendant' | 'next' | 'later';

export interface Selector {
  /** The compound of the matched element comes first, followed by those of its surroundings. */
  readonly compounds: readonly Compound[];
  /** The relation of the compound at the same index to the next one. */
  readonly within: readonly Combinator[];
  readonly specificity: number;
}
