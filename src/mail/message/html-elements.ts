import type sanitize from 'sanitize-html';
import { isHiddenElement } from '../../providers/shared/html/hidden.ts';
import { ImageMaps, link } from './html-links.ts';
import { hiddenStyle, safeStyle, uncoveredStyle } from './html-styles.ts';

/** The number of style attributes whose result is cached, because a message repeats the same one in a thousand cells. */
const MAX_STYLES = 1_000;
const MAX_STYLE_LENGTH = 2_000;

/** Elements that are replaced by a box when they have a style. Their function is dropped. */
const SHOWN_AS = new Map([
  ['html', 'div'],
  ['body', 'div'],
  ['form', 'div'],
  ['fieldset', 'div'],
]);
/**
 * Block elements that, unlike a "<div>", do not end the paragraph in which they begin. Without a line of their own their
 * text would run into the text beside them.
 */
const OWN_LINE = new Map([
  ['dialog', 'display:block'],
  ['legend', 'display:block'],
  ['listing', 'display:block;white-space:pre'],
  ['search', 'display:block'],
]);
/** Void elements are not replaced, because they have no content to show. */
const HAS_CONTENT = /^(?!(?:area|base|basefont|embed|frame|input|isindex|keygen|link|meta|param|source|track)$)/;

/** Converts the elements of one message, in document order. */
export class Elements {
  private readonly maps: ImageMaps;
  private readonly styles = new Map<string, string>();
  private readonly begun = new Set<string>();
  private linkColor = '';

  constructor(
    html: string,
    private readonly tags: ReadonlySet<string>,
  ) {
    this.maps = new ImageMaps(html);
  }

  read(name: string, attribs: sanitize.Attributes): sanitize.Tag {
    if (name === 'map') return { tagName: name, attribs: this.maps.map(attribs) };
    if (name === 'area') return { tagName: name, attribs: this.maps.area(attribs) };
    if (name === 'html' || name === 'body') return this.canvas(name, attribs);
    if (this.tags.has(name)) return { tagName: name, attribs: this.shown(name, attribs) };
    return this.unknown(name, attribs);
  }

  /**
   * The style of the body becomes a box of its own, because the message is shown inside another page: white text keeps its
   * black background. A second body element has no effect (HTML, section 13.2.6.4.7).
   */
  private canvas(name: string, attribs: sanitize.Attributes): sanitize.Tag {
    if (this.begun.has(name)) return { tagName: name, attribs: {} };
    this.begun.add(name);
    const { bgcolor, text, link: linked, style = '' } = attribs;
    const said = [
      bgcolor === undefined ? '' : `background-color:${colorOf(bgcolor)}`,
      text === undefined ? '' : `color:${colorOf(text)}`,
      style,
    ];
    if (linked !== undefined) this.linkColor = safeStyle(`color:${colorOf(linked)}`);
    return this.unknown(name, { ...attribs, style: said.filter((part) => part !== '').join(';') });
  }

  /**
   * Converts an element that is not allowed. Its content is kept, inside another element if it has a style, a direction or
   * a line of its own.
   */
  private unknown(name: string, attribs: sanitize.Attributes): sanitize.Tag {
    const { style: own = '', dir } = this.styled(name, attribs);
    const style = [OWN_LINE.get(name) ?? '', own].filter((part) => part !== '').join(';');
    if ((style === '' && !dir) || !HAS_CONTENT.test(name)) return { tagName: name, attribs: {} };
    const { align, lang } = attribs;
    return {
      tagName: SHOWN_AS.get(name) ?? 'span',
      attribs: {
        ...(style === '' ? {} : { style }),
        ...(dir ? { dir } : {}),
        ...(lang ? { lang } : {}),
        ...(align ? { align } : {}),
      },
    };
  }

  private shown(name: string, attribs: sanitize.Attributes): sanitize.Attributes {
    const { usemap, ...others } = this.styled(name, name === 'a' ? link(attribs) : attribs);
    if (name === 'a' && this.linkColor !== '' && others.href !== undefined)
      others.style = others.style ? `${this.linkColor};${others.style}` : this.linkColor;
    const map = usemap === undefined ? null : this.maps.reference(usemap);
    return map === null ? others : { ...others, usemap: map };
  }

  private styled(name: string, attribs: sanitize.Attributes): sanitize.Attributes {
    const { style, hidden } = attribs;
    if (style === undefined && hidden === undefined && name !== 'dialog') return attribs;
    const key = `${name} ${hidden === undefined ? '' : 'hidden'}${attribs.open === undefined ? '' : 'open'} ${style ?? ''}`;
    let safe = this.styles.get(key);
    if (safe === undefined) {
      safe = this.styleOf(name, attribs);
      if (key.length <= MAX_STYLE_LENGTH && this.styles.size < MAX_STYLES) this.styles.set(key, safe);
    }
    if (safe !== '' || style !== undefined) attribs.style = safe;
    return attribs;
  }

  /** Keeps hidden elements hidden and visible elements visible, even if the declaration that did it is not allowed. */
  private styleOf(name: string, attribs: sanitize.Attributes): string {
    const safe = safeStyle(attribs.style ?? '');
    const tag = this.tags.has(name) ? name : (SHOWN_AS.get(name) ?? 'span');
    const [wasHidden, isNowHidden] = [isHiddenElement(name, attribs), isHiddenElement(tag, { style: safe })];
    if (wasHidden === isNowHidden) return safe;
    return wasHidden ? hiddenStyle(safe) : uncoveredStyle(safe);
  }
}

/** The colour of an old attribute, which may lack the number sign (HTML, section 2.3.6). */
const colorOf = (written: string): string => written.trim().replace(/^(?=(?:[\da-f]{3}|[\da-f]{6})$)/i, '#');
