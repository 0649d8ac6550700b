import sanitize from 'sanitize-html';
import { boundedHtml } from '../../providers/shared/html/bounded-html.ts';
import { inlineReference } from '../../providers/shared/html/inline-files.ts';
import { hidingIn, withInlineStyles } from '../../providers/shared/html/style-blocks.ts';
import { Elements } from './html-elements.ts';
import { hasComment } from './html-links.ts';

interface SafeHtmlOptions {
  /** Keep images from other servers. */
  readonly remoteImages: boolean;
  /**
   * The URL of an inline file by its Content-ID: http(s), or cid: in a message that quotes another. Null when there is
   * none.
   */
  readonly inlineUrl: (contentId: string) => string | null;
}

// biome-ignore format: a list to read
const DROPPED_WITH_CONTENT = [
  'script', 'style', 'textarea', 'option', 'select', 'noscript', 'title', 'iframe', 'object', 'embed', 'applet',
  'svg', 'math', 'template', 'audio', 'video', 'canvas', 'noembed', 'noframes', 'xmp', 'plaintext', 'frameset', 'datalist',
  'meter', 'progress',
];

// biome-ignore format: a list to read
const TAGS = [
  'a', 'abbr', 'acronym', 'address', 'area', 'article', 'aside', 'b', 'bdi', 'bdo', 'big', 'blockquote', 'br', 'caption', 'center',
  'cite', 'code', 'col', 'colgroup', 'dd', 'del', 'details', 'dfn', 'dir', 'div', 'dl', 'dt', 'em', 'figcaption', 'figure', 'font',
  'footer', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'header', 'hgroup', 'hr', 'i', 'img', 'ins', 'kbd', 'li', 'main', 'map', 'mark',
  'menu', 'nav', 'nobr', 'ol', 'p', 'pre', 'q', 'rb', 'rp', 'rt', 'ruby', 's', 'samp', 'section', 'small', 'span', 'strike',
  'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'time', 'tr', 'tt', 'u', 'ul', 'var', 'wbr',
];

const EVERYWHERE = ['align', 'dir', 'lang', 'style', 'title', 'valign'];
// biome-ignore format: a list to read
const TABLE = [
  'abbr', 'bgcolor', 'border', 'bordercolor', 'cellpadding', 'cellspacing', 'colspan', 'frame', 'height', 'nowrap', 'rowspan', 'rules',
  'scope', 'width',
];
const ALLOWED_TAGS = new Set(TAGS);
/** Style blocks are removed by withInlineStyles, which applies their rules to the elements. */
const REMOVED_WITH_CONTENT = new Set(DROPPED_WITH_CONTENT.filter((name) => name !== 'style'));
const RASTER = /^data:image\/(?:png|jpe?g|gif|webp);base64,[a-z0-9+/=\s]*$/i;

/**
 * Sanitises a sender's HTML for display: everything that is not known to be harmless is removed. Ids and classes are
 * removed too, so that the styles and scripts of the page do not apply to it, and rules of style blocks are applied to the
 * elements. The page should still show it in a sandboxed frame. The time is linear in the length, and only the first
 * MAX_HTML_LENGTH characters are used.
 */
export function safeHtml(html: string, options: SafeHtmlOptions): string {
  const elements = new Elements(html, ALLOWED_TAGS);
  const bounded = boundedHtml(html, { without: REMOVED_WITH_CONTENT, hides: hidingIn(html) });
  const safe = sanitize(withoutStray(withInlineStyles(bounded)), {
    allowedTags: TAGS,
    nonTextTags: DROPPED_WITH_CONTENT,
    allowedAttributes: {
      '*': EVERYWHERE,
      a: ['href', 'rel', 'target'],
      area: ['alt', 'coords', 'href', 'rel', 'shape', 'target'],
      br: ['clear'],
      details: ['open'],
      img: ['alt', 'border', 'height', 'hspace', 'src', 'usemap', 'vspace', 'width', 'data-blocked'],
      map: ['name'],
      font: ['color', 'face', 'size'],
      ol: ['reversed', 'start', 'type'],
      ul: ['type'],
      li: ['type', 'value'],
      hr: ['color', 'noshade', 'size', 'width'],
      col: ['span', 'width'],
      colgroup: ['span', 'width'],
      table: TABLE,
      tbody: TABLE,
      thead: TABLE,
      tfoot: TABLE,
      tr: TABLE,
      td: TABLE,
      th: TABLE,
      time: ['datetime'],
    },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    // Only inlineUrl creates cid: URLs that get this far.
    allowedSchemesByTag: { img: ['http', 'https', 'data', 'cid'] },
    allowedSchemesAppliedToAttributes: ['href', 'src'],
    allowProtocolRelative: false,
    // safeStyle does this. The parser of sanitize-html is slow, especially for malformed styles.
    parseStyleAttributes: false,
    transformTags: {
      '*': (tagName, attribs) => elements.read(tagName, attribs),
      img: (tagName, attribs) => ({ tagName, attribs: image(attribs, options) }),
    },
  });
  return safe.split(STRAY).join('&lt;');
}

/** Replaces a "<" that begins no tag. It is a noncharacter (Unicode 23.7), so no message uses it. */
const STRAY = '\ufdd0';

/**
 * The sanitiser handles each stray "<" as a separate text, and 2,000,000 of them took it a second. This loop is four times
 * as fast as a regular expression.
 */
function withoutStray(html: string): string {
  let kept = '';
  let from = 0;
  for (let at = html.indexOf('<'); at !== -1; ) {
    let end = at + 1;
    while (html[end] === '<') end++;
    const stray = beginsTag(html.charCodeAt(end)) ? end - at - 1 : end - at;
    if (stray > 0) kept += html.slice(from, at) + (stray === 1 ? STRAY : STRAY.repeat(stray));
    if (stray > 0) from = at + stray;
    at = html.indexOf('<', end);
  }
  return kept + html.slice(from);
}

/** Whether the character can follow "<" in a tag, comment or declaration. */
function beginsTag(code: number): boolean {
  const small = code | 0x20;
  return (small >= 0x61 && small <= 0x7a) || code === 0x21 || code === 0x2f || code === 0x3f;
}

function image({ src, ...attribs }: sanitize.Attributes, options: SafeHtmlOptions): sanitize.Attributes {
  const source = src?.trim() ?? '';
  const contentId = inlineReference(source);
  if (contentId !== null) {
    const url = options.inlineUrl(contentId);
    return url === null ? attribs : { ...attribs, src: url };
  }
  if (RASTER.test(source)) return { ...attribs, src: source };
  if (!/^(?:https?:)?\/\//i.test(source) || hasComment(source)) return attribs;
  if (!options.remoteImages) return { ...attribs, 'data-blocked': 'remote' };
  return { ...attribs, src: source.startsWith('//') ? `https:${source}` : source };
}
