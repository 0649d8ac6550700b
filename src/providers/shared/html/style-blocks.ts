import { Parser } from 'htmlparser2';
import { type Declaration, writtenDeclarations } from './css/declarations.ts';
import { countsFromEnd, RuleMatcher, type Siblings, type StyledElement } from './css/matcher.ts';
import { appliesOnScreen } from './css/media.ts';
import { type Rule, rulesOf } from './css/style-sheet.ts';
import { variablesIn, withVariables } from './css/variables.ts';
import { isHidden } from './hidden.ts';

/** Characters of all blocks of a mail; the largest newsletters have a hundred thousand. */
const MAX_CSS_LENGTH = 500_000;
const MAX_SELECTORS = 10_000;
/** Comparisons of an element with a part of a selector; a newsletter of 2,000 elements and 500 rules takes a tenth. */
const MAX_STEPS = 1_000_000;
/** Elements of different kinds whose tags are lost, and which are held against the blocks all the same; of others, what hides by a block is shown. */
const MAX_LOST_MATCHED = 20_000;
/** What may be written into the elements: a share of the HTML's own length, and in all. */
const MAX_ADDED = { fixed: 100_000, times: 2, inAll: 1_000_000 };

/**
 * The same HTML with what its style blocks say of each element written into that element's style, weakest first and before
 * what it says itself, so that the cascade comes out alike; the blocks are taken out. Made for what boundedHtml gives out: few
 * elements are open at a time. It makes nothing harmless.
 *
 * Rules hold as on a desktop (`appliesOnScreen`). What needs more than a page at rest is left out: states, generated content,
 * sheets of elsewhere (`<link>`, `@import`). A mail whose blocks ask for more work than any newsletter does loses the
 * blocks, and nothing else.
 */
export function withInlineStyles(html: string): string {
  if (!/<style/i.test(html)) return html;
  const blocks = blocksOf(html);
  const rules = rulesIn(blocks.css);
  const bare = () => splice(html, blocks.edits);
  if (rules === null || rules.length === 0) return bare();
  // Read twice where a place is counted from the end.
  const counted = countsFromEnd(rules) ? new Inliner(html, []) : null;
  counted?.read();
  const styled = new Inliner(html, rules, counted?.siblings).read();
  return styled === null ? bare() : splice(html, [...blocks.edits, ...styled]);
}

/**
 * Whether an element hides what is in it: by itself, or by what style blocks say of it wherever it stands. For an element whose tag
 * is lost because it is nested too deep or comes too late; read when the first is asked about. Linear in the length.
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
    // Its place is not known, nor what it stands in.
    const parent = { ...ALONE, name: '', attributes: {}, parent: null };
    const element = { ...ALONE, name, attributes, parent, place: 0, placeOfType: 0 };
    const said = matcher.rulesFor(element).map((rule) => rules?.[rule]?.declarations ?? []);
    const style = said
      .map(writtenDeclarations)
      .filter((part) => part !== '')
      .join(';');
    return style !== '' && isHidden(name, { ...attributes, style: `${style};${attributes.style ?? ''}` });
  };
  return (name, attributes) => {
    if (isHidden(name, attributes)) return true;
    const key = JSON.stringify([name, attributes]);
    const answer = known.get(key) ?? hides(name, attributes);
    if (known.size < MAX_LOST_MATCHED) known.set(key, answer);
    return answer;
  };
}

/** What stands between the tags, of those that hold on a screen; whether that is a block is known when all is read. */
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

/** Each block is read by itself: what one leaves open ends with it. Null: too much. */
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

/** With what is set once for all the mail in the places where it is used. */
function resolved(rules: Rule[]): Rule[] {
  const variables = variablesIn(rules.flatMap(({ declarations }) => declarations));
  const uses = ({ declarations }: Rule) => declarations.some(({ value }) => value.includes('var('));
  return rules.map((rule) => (uses(rule) ? { ...rule, declarations: rule.declarations.map(read) } : rule));

  function read(declaration: Declaration): Declaration {
    return { ...declaration, value: withVariables(declaration.value, variables) };
  }
}

/** They are not shown, or have nothing to show. */
const UNSTYLED = new Set(['base', 'head', 'link', 'meta', 'script', 'style', 'title']);

const ENTITIES: Record<string, string> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

/** What stands between two places is replaced. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** All places are of the HTML as it was; none lies in another. */
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

const ALONE = { previous: null, place: 1, placeOfType: 1, among: null };

class Inliner {
  private readonly matcher: RuleMatcher;
  private readonly edits: Edit[] = [];
  private readonly written: readonly string[];
  private readonly lastIn = new WeakMap<StyledElement, StyledElement>();
  private readonly siblingsIn = new WeakMap<StyledElement, Siblings>();
  /** In the order in which elements begin. */
  readonly siblings: Siblings[] = [];
  private readonly rowGroups = new WeakMap<StyledElement, StyledElement>();
  private left: number;
  // A mail need not write these two (HTML, section 13.1.2.4).
  private root: StyledElement = { ...ALONE, name: 'html', attributes: {}, parent: null };
  private body: StyledElement = { ...ALONE, name: 'body', attributes: {}, parent: this.root, place: 2 };
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

  /** Null: it would have been too much. */
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
    // What is outside of a body is shown in it.
    const around = this.inner.name === 'html' || this.inner.name === 'head' ? this.body : this.inner;
    // What comes before anything that is shown is in the head, written or not (HTML, section 13.2.6.4.3).
    const isOfHead = around === this.body && UNSTYLED.has(name) && !this.siblingsIn.has(around);
    if (isOfHead) return this.add(name, attributes, this.head);
    const parent = name === 'tr' && around.name === 'table' ? this.rowGroupOf(around) : around;
    return this.add(name, attributes, parent);
  }

  /** A row that stands in a table by itself is in a tbody for a browser (HTML, section 13.2.6.4.9). */
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
    const place = ++siblings.count;
    const placeOfType = (siblings.byName.get(name) ?? 0) + 1;
    siblings.byName.set(name, placeOfType);
    const among = this.counted?.[this.siblings.length] ?? null;
    this.siblings.push(siblings);
    const previous = this.lastIn.get(parent) ?? null;
    const element = { name, attributes, parent, previous, place, placeOfType, among };
    this.lastIn.set(parent, element);
    return element;
  }

  /** The first attribute of a name is the one that counts, so that the element's own may stay where it is. */
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
