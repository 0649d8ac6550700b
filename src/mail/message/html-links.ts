import { createHash } from 'node:crypto';
import type sanitize from 'sanitize-html';

/** No URL holds a "<" (RFC 3986), and the sanitiser copies the whole for each comment that it takes out of one. */
export const hasComment = (url: string): boolean => url.includes('<!--');

/** Opens beside the page, tells the target nothing of it, and lends it no good name. */
export function link({ href, ...attribs }: sanitize.Attributes): sanitize.Attributes {
  const written = href?.trim() ?? '';
  // Of the page's own scheme for a browser (RFC 3986, section 4.2), which in a mail is nobody's.
  const target = /^\/\/[^\\/]/.test(written) ? `https:${written}` : written;
  // A relative link would lead into our own origin, or into the front-end's; "https:path" is one too.
  if (!/^(?:https?:[\\/]{2}|mailto:|tel:)/i.test(target) || hasComment(target)) return attribs;
  return { ...attribs, href: target, target: '_blank', rel: 'noopener noreferrer nofollow' };
}

/** More corners than any area that was drawn by hand. */
const COORDINATES = /^[\d\s,.+-]{1,2000}$/;
const SHAPE = /^(?:rect|rectangle|circle|circ|poly|polygon|default)$/i;

/** The areas of images that are links. What a mail calls its maps may be what the page calls something else: they are named again. */
export class ImageMaps {
  private readonly names = new Map<string, string>();
  private prefix = '';

  constructor(private readonly html: string) {}

  /** A map that cannot be named is none, and its areas lead nowhere. */
  map({ name }: sanitize.Attributes): sanitize.Attributes {
    return name ? { name: this.nameFor(name) } : {};
  }

  /** Only a map of the same mail: "#name" (HTML, section 4.8.14). */
  reference(usemap: string): string | null {
    const name = /^\s*#([\s\S]+)$/.exec(usemap)?.[1];
    return name === undefined ? null : `#${this.nameFor(name)}`;
  }

  area({ shape, coords, alt, title, href }: sanitize.Attributes): sanitize.Attributes {
    return {
      ...(shape !== undefined && SHAPE.test(shape) ? { shape } : {}),
      ...(coords !== undefined && COORDINATES.test(coords) ? { coords } : {}),
      ...(alt === undefined ? {} : { alt }),
      ...(title === undefined ? {} : { title }),
      ...link(href === undefined ? {} : { href }),
    };
  }

  /** Two mails in one page do not share a map unless they are one mail. */
  private nameFor(name: string): string {
    this.prefix ||= `mail-${createHash('sha256').update(this.html).digest('hex').slice(0, 12)}`;
    let known = this.names.get(name);
    if (known === undefined) {
      known = `${this.prefix}-${this.names.size + 1}`;
      this.names.set(name, known);
    }
    return known;
  }
}
