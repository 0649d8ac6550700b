import { Parser } from 'htmlparser2';
import { type Declaration, writtenDeclarations } from './css/declarations.ts';
import { countsFromEnd, RuleMatcher, type Siblings, type StyledElement } from './css/matcher.ts';
import { appliesOnScreen } from './css/media.ts';
import { type Rule, rulesOf } from './css/style-sheet.ts';
import { variablesIn, withVariables } from './css/variables.ts';
import { isHiddenElement } from './hidden.ts';

/** Maximum number of characters in all style blocks of a mail. The largest newsletters have a hundred thousand. */
const MAX_CSS_LENGTH = 500_000;
const MAX_SELECTORS = 10_000;
/**
 * Maximum number of comparisons of an element with a part of a selector. A newsletter with 2,000 elements and 500 rules
 * takes a tenth of it.
 */
const MAX_STEPS = 1_000_000;
/**
 * Maximum number of distinct removed elements that are compared with the style blocks. Beyond it, elements that only a
 * block hides are shown.
 */
const MAX_LOST_MATCHED = 20_000;
/** Maximum number of characters added to elements, depending on the HTML's length, and in total. */
const MAX_ADDED = { fixed: 100_000, times: 2, inAll: 1_000_000 };

/**
 * Returns the HTML with the rules of its style blocks written into the elements' style attributes, weakest first and
 * before the element's own style, so that the cascade has the same result. The blocks are removed. It expects the
 * output of boundedHtml, in which few elements are open at a time. It does not make the HTML safe.
 *
 * Rules apply as on a desktop (`appliesOnScreen`). Anything beyond a static page is left out: states, generated
 * content, external style sheets (`<link>`, `@import`). If the blocks need more work than those of any newsletter, they
 * are dropped and nothing else is.
 */
export function withInlineStyles(html: string): string {
  if (!/<style/i.test(html)) return html;
  const blocks = blocksOf(html);
  const rules = rulesIn(blocks.css);
  const bare = () => splice(html, blocks.edits);
  if (rules === null || rules.length === 0) return bare();
  // Rules that count positions from the end need a first pass to count the elements.
  const counted = countsFromEnd(rules) ? new Inliner(html, []) : null;
  counted?.read();
  const styled = new Inliner(html, rules, counted?.siblings).read();
  return styled === null ? bare() : splice(html, [...blocks.edits, ...styled]);
}

/**
 * Returns a function that reports whether an element hides its content, by itself or by the style blocks, wherever it
 * is. It serves elements whose tags are removed because they are nested too deeply or come too late. The blocks are
 * read at the first call. Linear in the length.
 */
export function hidingIn(html: string): (name: string, attributes: Readonly<Record<string, string>>) => boolean {
  let matcher: RuleMatcher | null = null;
  let rules: readonly Rule[] | null = null;
  let left = MAX_LOST_MATCHED;
  const known = new Map<string, boolean>();
  const hides = (name: string, attributes: Readonly<Record<string, string>>): boolean => {
    if (left-- <= 0) return false;
    rules ??= rulesIn(writtenBlocks(html)) ?? [];
    if (rules.length === 0) return false;
    matcher ??= new RuleMatcher(rules, MAX_STEPS);
    // The element's position and its parents are unknown.
    const parent = { ...ALONE, name: '', attributes: {}, parent: null };
    const element = { ...ALONE, name, attributes, parent, position: 0, positionOfType: 0 };
    const declarations = matcher.rulesFor(element).map((rule) => rules?.[rule]?.declarations ?? []);
    const style = declarations
      .map(writtenDeclarations)
      .filter((part) => part !== '')
      .join(';');
    return style !== '' && isHiddenElement(name, { ...attributes, style: `${style};${attributes.style ?? ''}` });
  };
  return (name, attributes) => {
    if (isHiddenElement(name, attributes)) return true;
    const key = JSON.stringify([name, attributes]);
    const answer = known.get(key) ?? hides(name, attributes);
    if (known.size < MAX_LOST_MATCHED) known.set(key, answer);
    return answer;
  };
}

/**
 * Returns the text of the style blocks that apply to a screen. Whether a block is one in fact is known only after
 * parsing.
 */
function writtenBlocks(html: string): string[] {
  const found: string[] = [];
  const begin = /<style\b([^>]{0,400})>/gi;
  const end = /<\/style/gi;
  for (let tag = begin.exec(html); tag !== null; tag = begin.exec(html)) {
    end.lastIndex = begin.lastIndex;
    const close = end.exec(html)?.index ?? html.length;
    const [, media = ''] = /\bmedia\s*=\s*["']?([^"'>]*)/i.exec(tag[1] ?? '') ?? [];
    if (appliesOnScreen(media)) found.push(html.slice(begin.lastIndex, close));
    begin.lastIndex = close;
  }
  return found;
}

/**
 * Parses each block separately, because anything left open ends with its block. Returns null when there is too much to
 * read.
 */
function rulesIn(blocks: readonly string[]): Rule[] | null {
  if (blocks.reduce((length, css) => length + css.length, 0) > MAX_CSS_LENGTH) return null;
  const all: Rule[] = [];
  let left = MAX_SELECTORS;
  for (const css of blocks) {
    const sheet = rulesOf(css, left);
    if (sheet === null) return null;
    left -= sheet.selectors;
    for (const rule of sheet.rules) all.push(rule);
  }
  return resolved(all);
}

/** Replaces variables that are set once for the whole mail by their values. */
function resolved(rules: Rule[]): Rule[] {
  const variables = variablesIn(rules.flatMap(({ declarations }) => declarations));
  const uses = ({ declarations }: Rule) => declarations.some(({ value }) => value.includes('var('));
  return rules.map((rule) => (uses(rule) ? { ...rule, declarations: rule.declarations.map(read) } : rule));

  function read(declaration: Declaration): Declaration {
    return { ...declaration, value: withVariables(declaration.value, variables) };
  }
}

/** Elements that are not shown or have no content to show. */
const UNSTYLED = new Set(['base', 'head', 'link', 'meta', 'script', 'style', 'title']);

const ENTITIES: Record<string, string> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

/** A replacement of the text between two offsets. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** Applies edits, whose offsets refer to the original HTML and do not overlap. */
function splice(html: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let copied = 0;
  for (const { from, to, by } of [...edits].sort((one, other) => one.from - other.from)) {
    pieces.push(html.slice(copied, from), by);
    copied = Math.max(copied, to);
  }
  pieces.push(html.slice(copied));
  return pieces.join('');
}

function blocksOf(html: string): { readonly css: string[]; readonly edits: Edit[] } {
  const css: string[] = [];
  const edits: Edit[] = [];
  let start = -1;
  let text: string[] | null = null;
  const parser = new Parser({
    onopentag: (name, { type = '', media = '' }) => {
      if (name !== 'style') return;
      start = parser.startIndex;
      text = /^(?:\s*text\/css\s*)?$/i.test(type) && appliesOnScreen(media) ? [] : null;
    },
    ontext: (words) => {
      if (start !== -1) text?.push(words);
    },
    onclosetag: (name) => {
      if (name !== 'style' || start === -1) return;
      if (text) css.push(text.join(''));
      edits.push({ from: start, to: Math.min(parser.endIndex + 1, html.length), by: '' });
      start = -1;
    },
  });
  parser.write(html);
  parser.end();
  return { css, edits };
}

const ALONE = { previous: null, position: 1, positionOfType: 1, siblingCounts: null };

class Inliner {
  private readonly matcher: RuleMatcher;
  private readonly edits: Edit[] = [];
  private readonly written: readonly string[];
  private readonly lastIn = new WeakMap<StyledElement, StyledElement>();
  private readonly siblingsIn = new WeakMap<StyledElement, Siblings>();
  /** The siblings of each element, in the order in which elements begin. */
  readonly siblings: Siblings[] = [];
  private readonly rowGroups = new WeakMap<StyledElement, StyledElement>();
  private left: number;
  // A mail may omit these two elements (HTML, section 13.1.2.4).
  private root: StyledElement = { ...ALONE, name: 'html', attributes: {}, parent: null };
  private body: StyledElement = { ...ALONE, name: 'body', attributes: {}, parent: this.root, position: 2 };
  private readonly head: StyledElement = { ...ALONE, name: 'head', attributes: {}, parent: this.root };
  private inner = this.body;
  private readonly open: StyledElement[] = [];

  constructor(
    private readonly html: string,
    rules: readonly Rule[],
    private readonly counted?: readonly Siblings[],
  ) {
    this.matcher = new RuleMatcher(rules, MAX_STEPS);
    this.written = rules.map(({ declarations }) => writtenDeclarations(declarations));
    this.left = Math.min(MAX_ADDED.fixed + MAX_ADDED.times * html.length, MAX_ADDED.inAll);
  }

  /** Returns null when there is too much to do. */
  read(): Edit[] | null {
    const parser = new Parser({
      onopentag: (name, attributes, isImplied) => {
        this.begin(name, attributes, isImplied ? -1 : parser.startIndex);
      },
      onclosetag: () => {
        const outer = this.open.pop();
        if (outer) this.inner = outer;
      },
    });
    if (!/<body/i.test(this.html)) this.write(this.inner, 0, '<body', '>');
    parser.write(this.html);
    parser.end();
    return this.hasGivenUp ? null : this.edits;
  }

  private get hasGivenUp(): boolean {
    return this.left < 0 || this.matcher.hasGivenUp;
  }

  private begin(name: string, attributes: Record<string, string>, start: number): void {
    this.open.push(this.inner);
    if (this.hasGivenUp) return;
    const element = this.elementOf(name, attributes);
    this.inner = element;
    const isAsWritten = start !== -1 && this.html.slice(start + 1, start + 1 + name.length).toLowerCase() === name;
    if (isAsWritten && !UNSTYLED.has(name)) this.write(element, start + 1 + name.length, '', '');
  }

  private elementOf(name: string, attributes: Record<string, string>): StyledElement {
    if (name === 'html') {
      this.root = { ...this.root, attributes };
      this.body = { ...this.body, parent: this.root };
      return this.root;
    }
    if (name === 'body') {
      this.body = { ...this.body, attributes };
      return this.body;
    }
    // Content outside the body is shown in it.
    const around = this.inner.name === 'html' || this.inner.name === 'head' ? this.body : this.inner;
    // Such elements belong to the head, written or not, until something visible comes (HTML, section 13.2.6.4.3).
    const isOfHead = around === this.body && UNSTYLED.has(name) && !this.siblingsIn.has(around);
    if (isOfHead) return this.add(name, attributes, this.head);
    const parent = name === 'tr' && around.name === 'table' ? this.rowGroupOf(around) : around;
    return this.add(name, attributes, parent);
  }

  /** Returns the tbody that a browser adds around a row directly in a table (HTML, section 13.2.6.4.9). */
  private rowGroupOf(table: StyledElement): StyledElement {
    let group = this.rowGroups.get(table);
    if (group === undefined) {
      group = this.add('tbody', {}, table);
      this.rowGroups.set(table, group);
    }
    return group;
  }

  private add(name: string, attributes: Record<string, string>, parent: StyledElement): StyledElement {
    const siblings = this.siblingsIn.get(parent) ?? { count: 0, byName: new Map<string, number>() };
    this.siblingsIn.set(parent, siblings);
    const position = ++siblings.count;
    const positionOfType = (siblings.byName.get(name) ?? 0) + 1;
    siblings.byName.set(name, positionOfType);
    const siblingCounts = this.counted?.[this.siblings.length] ?? null;
    this.siblings.push(siblings);
    const previous = this.lastIn.get(parent) ?? null;
    const element = { name, attributes, parent, previous, position, positionOfType, siblingCounts };
    this.lastIn.set(parent, element);
    return element;
  }

  /**
   * Writes an element's style attribute. Of two attributes with one name the first counts, so the element's own can
   * stay.
   */
  private write(element: StyledElement, at: number, before: string, after: string): void {
    const rules = this.matcher.rulesFor(element);
    if (rules.length === 0) return;
    const own = element.attributes.style ?? '';
    this.left -= rules.reduce((length, rule) => length + (this.written[rule]?.length ?? 0) + 1, own.length);
    if (this.left < 0) return;
    const style = [...rules.map((rule) => this.written[rule]), own].filter((part) => part !== '').join(';');
    const escaped = style.replace(/[&"<>]/g, (character) => ENTITIES[character] as string);
    this.edits.push({ from: at, to: at, by: `${before} style="${escaped}"${after}` });
  }
}
