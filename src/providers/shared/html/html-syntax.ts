/**
 * Rewrites what a browser's tokenizer reads differently from htmlparser2 (10.x), so that both read the same (HTML,
 * section 13.2.5): comments that end with "--!>", end tags with a slash or attributes, "</>", raw text, and an SVG that
 * a paragraph ends. Without this, "<!--x--!>" or "</style/>" lost the whole rest of a mail. Linear in the length. It
 * does not make the HTML safe.
 */
export const normalizedHtml = (html: string): string => new Normalizer(html.split('\0').join('')).read();

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** Elements that contain only characters, up to their end tag. */
const RAW_TEXT = set('script style title textarea xmp iframe noembed noframes');
/** Elements whose content nobody reads. */
const EMPTIED = set('script iframe noembed noframes');
const FOREIGN = set('svg math');
/** Elements of SVG and MathML that contain HTML (HTML, section 13.2.6.5). */
const BACK_TO_HTML = set('foreignobject desc title mi mo mn ms mtext annotation-xml');
/** Elements that end the SVG or MathML they are in. */
const BREAKS_OUT = set(
  'b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre ruby s small span strike strong sub sup table tt u ul var',
);

const NAME_END = /[\t\n\f\r />]/g;
const COMMENT_END = /--!?>/g;
const BLANK = new Set(['\t', '\n', '\f', '\r', ' ']);
const SCRIPT_PART = /<!--|-->|<(\/?)script(?=[\t\n\f\r />])/gi;

class Normalizer {
  private readonly pieces: string[] = [];
  private copied = 0;
  /** Names of the open SVG and MathML elements, outermost first. */
  private foreign: string[] = [];
  private backInHtml = 0;

  constructor(private readonly html: string) {}

  read(): string {
    const { html } = this;
    for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at)) {
      const next = html[at + 1] ?? '';
      if (isLetter(next)) at = this.startTag(at);
      else if (next === '/') at = this.endTag(at);
      else if (next === '!' || next === '?') at = this.replace(at, this.commentEnd(at), '');
      else at++;
    }
    this.pieces.push(html.slice(this.copied));
    return this.pieces.join('');
  }

  private startTag(at: number): number {
    const name = this.nameAt(at + 1);
    const end = this.tagEnd(at + 1 + name.length);
    // A tag that never ends is neither a tag nor text.
    if (end === -1) return this.replace(at, this.html.length, '');
    const isClosed = this.html[end - 2] === '/';
    if (this.foreign.length > 0) this.startInForeign(name, at, end, isClosed);
    if (FOREIGN.has(name) && !isClosed) this.foreign.push(name);
    return RAW_TEXT.has(name) && !this.isForeign(name) ? this.rawText(name, end) : end;
  }

  private isForeign(name: string): boolean {
    return this.foreign.length > 0 && name === 'title';
  }

  private startInForeign(name: string, at: number, end: number, isClosed: boolean): void {
    if (BACK_TO_HTML.has(name) && !isClosed) this.backInHtml++;
    else if (this.backInHtml > 0) return;
    else if (BREAKS_OUT.has(name) || (name === 'font' && /\s(?:color|face|size)/i.test(this.html.slice(at, end))))
      this.leaveForeign(at);
  }

  private leaveForeign(at: number): void {
    this.replace(at, at, `</${this.foreign[0]}>`);
    this.foreign = [];
    this.backInHtml = 0;
  }

  private endTag(at: number): number {
    const { html } = this;
    const next = html[at + 2] ?? '';
    if (next === '') return at + 2;
    if (!isLetter(next)) return this.replace(at, this.commentEnd(at), '');
    const name = this.nameAt(at + 2);
    const end = this.tagEnd(at + 2 + name.length);
    if (end === -1) return this.replace(at, html.length, '');
    if (this.foreign.length > 0) this.endInForeign(name, at);
    return end === at + name.length + 3 ? end : this.replace(at, end, `</${name}>`);
  }

  private endInForeign(name: string, at: number): void {
    const open = this.foreign.lastIndexOf(name);
    if (open !== -1) {
      this.foreign.length = open;
      this.backInHtml = 0;
    } else if (BACK_TO_HTML.has(name)) this.backInHtml = Math.max(0, this.backInHtml - 1);
    else if (this.backInHtml === 0 && (name === 'p' || name === 'br')) this.leaveForeign(at);
  }

  private rawText(name: string, from: number): number {
    const to =
      name === 'script' ? this.scriptEnd(from) : this.firstAt(new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi'), from);
    return EMPTIED.has(name) ? this.replace(from, to, to === this.html.length ? `</${name}>` : '') : to;
  }

  /**
   * Returns the end of a script. A script inside a comment inside a script has an end tag of its own (HTML, section
   * 13.2.5.27).
   */
  private scriptEnd(from: number): number {
    let depth: 0 | 1 | 2 = 0;
    SCRIPT_PART.lastIndex = from;
    for (let part = SCRIPT_PART.exec(this.html); part !== null; part = SCRIPT_PART.exec(this.html)) {
      if (part[0] === '<!--') {
        depth = depth === 0 ? 1 : depth;
        SCRIPT_PART.lastIndex -= 2;
      } else if (part[0] === '-->') depth = 0;
      else if (part[1] === '') depth = depth === 1 ? 2 : depth;
      else if (depth < 2) return part.index;
      else depth = 1;
    }
    return this.html.length;
  }

  private commentEnd(at: number): number {
    const { html } = this;
    if (html.startsWith('<!--', at)) {
      for (const empty of ['>', '->']) if (html.startsWith(empty, at + 4)) return at + 4 + empty.length;
      COMMENT_END.lastIndex = at + 4;
      return COMMENT_END.test(html) ? COMMENT_END.lastIndex : html.length;
    }
    const end = html.indexOf('>', at);
    return end === -1 ? html.length : end + 1;
  }

  private nameAt(from: number): string {
    return this.html.slice(from, this.firstAt(NAME_END, from)).toLowerCase();
  }

  private firstAt(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    return pattern.exec(this.html)?.index ?? this.html.length;
  }

  /** Returns the offset after the first ">" outside quoted values, or -1 when there is none. */
  private tagEnd(from: number): number {
    const { html } = this;
    let isValue = false;
    for (let at = from; at < html.length; at++) {
      const character = html[at] as string;
      if (character === '>') return at + 1;
      if (isValue && (character === '"' || character === "'")) {
        at = html.indexOf(character, at + 1);
        if (at === -1) return -1;
        isValue = false;
      } else if (BLANK.has(character)) continue;
      else if (isValue) {
        isValue = false;
        while (at + 1 < html.length && html[at + 1] !== '>' && !BLANK.has(html[at + 1] as string)) at++;
      } else if (character !== '/') {
        while (at + 1 < html.length && !/[\t\n\f\r />=]/.test(html[at + 1] as string)) at++;
        let next = at + 1;
        while (BLANK.has(html[next] ?? '>')) next++;
        isValue = html[next] === '=';
        if (isValue) at = next;
      }
    }
    return -1;
  }

  private replace(from: number, to: number, by: string): number {
    this.pieces.push(this.html.slice(this.copied, from), by);
    this.copied = to;
    return to;
  }
}

const isLetter = (character: string): boolean => /^[a-z]$/i.test(character);
