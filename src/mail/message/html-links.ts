import { createHash } from 'node:crypto';
import type sanitize from 'sanitize-html';

/** A URL contains no "<" (RFC 3986), and the sanitiser copies the whole URL for each comment that it removes from it. */
export const hasComment = (url: string): boolean => url.includes('<!--');

/** Makes a link open in a new tab, without a referrer, an opener, or an effect on search ranking. */
export function link({ href, ...attribs }: sanitize.Attributes): sanitize.Attributes {
  const written = href?.trim() ?? '';
  // A browser would use the scheme of the page (RFC 3986, section 4.2), but a message has none.
  const target = /^\/\/[^\\/]/.test(written) ? `https:${written}` : written;
  // A relative link would lead to the origin of the gateway or the front end. "https:path" is relative too.
  if (!/^(?:https?:[\\/]{2}|mailto:|tel:)/i.test(target) || hasComment(target)) return attribs;
  return { ...attribs, href: target, target: '_blank', rel: 'noopener noreferrer nofollow' };
}

/** More coordinates than a hand-drawn area has. */
const COORDINATES = /^[\d\s,.+-]{1,2000}$/;
const SHAPE = /^(?:rect|rectangle|circle|circ|poly|polygon|default)$/i;

/** The image maps of one message. They are renamed, so that they do not collide with names in the page. */
export class ImageMaps {
  private readonly names = new Map<string, string>();
  private prefix = '';

  constructor(private readonly html: string) {}

  /** A map without a name cannot be used. */
  map({ name }: sanitize.Attributes): sanitize.Attributes {
    return name ? { name: this.nameFor(name) } : {};
  }

  /** Only maps of the same message can be referenced: "#name" (HTML, section 4.8.14). */
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

  /** The prefix depends on the HTML, so that different messages in one page do not share maps. */
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
