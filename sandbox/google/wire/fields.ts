import { badParameter } from '../errors.ts';
import type { Shape } from './shapes.ts';

/** The parsed parameter `fields`. An empty mask under a name selects all of it. */
interface Mask {
  [field: string]: Mask;
}

/** Parses `a,b(c,d),e/f` and validates it against the shape of the answer. Throws GoogleError 400. */
export function parseMask(text: string, shape: Shape): Mask {
  let at = 0;
  const list = (): Mask => {
    const mask = emptyMask();
    do {
      let node = mask;
      do {
        const name = /^(\*|[A-Za-z_$][\w$]*)/.exec(text.slice(at))?.[0];
        if (!name) throw invalid(text);
        at += name.length;
        node = node[name] ??= emptyMask();
      } while (text[at] === '/' && ++at);
      if (text[at] === '(') {
        at += 1;
        Object.assign(node, list());
        if (text[at] !== ')') throw invalid(text);
        at += 1;
      }
    } while (text[at] === ',' && ++at);
    return mask;
  };
  const mask = list();
  if (at !== text.length) throw invalid(text);
  holdAgainst(mask, shape);
  return mask;
}

/** Returns the parts of an answer that the mask selects. */
export function pick(value: unknown, mask: Mask): unknown {
  if (Object.keys(mask).length === 0) return value;
  if (Array.isArray(value)) return value.map((item) => pick(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  const picked = Object.entries(value).flatMap(([name, inner]) => {
    const sub = mask[name] ?? mask['*'];
    return sub ? [[name, pick(inner, sub)] as const] : [];
  });
  return Object.fromEntries(picked);
}

function holdAgainst(mask: Mask, shape: Shape): void {
  for (const [name, sub] of Object.entries(mask)) {
    const names = name === '*' ? Object.keys(shape) : [name];
    for (const each of names) {
      const inner = Object.hasOwn(shape, each) ? shape[each] : undefined;
      if (inner === undefined) throw invalid(each);
      if (inner !== true) holdAgainst(sub, inner());
      else if (name !== '*' && Object.keys(sub).length > 0) throw invalid(Object.keys(sub)[0] ?? each);
    }
  }
}

/** The object has no prototype, because a client may request `__proto__`. */
const emptyMask = (): Mask => Object.create(null);
const invalid = (selection: string) => badParameter(`Invalid field selection ${selection}`, 'fields');
