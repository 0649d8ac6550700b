import { decodeText } from './charset.ts';

export interface StructuredValue {
  /** Lower case, trimmed. */
  readonly value: string;
  /** Names in lower case; RFC 2231 pieces joined and decoded, encoded words left as they are. */
  readonly params: Readonly<Record<string, string>>;
}

/** A piece of a parameter: its number in RFC 2231 3, and whether its octets are escaped (RFC 2231 4). */
interface Piece {
  readonly number: number;
  readonly isEscaped: boolean;
  readonly text: string;
}

/** Parses a parameterised value such as Content-Type's leniently. A parameter with a charset wins over one without. */
export function parseStructured(field: string): StructuredValue {
  const [value = '', ...rest] = partsOf(field);
  const pieces = new Map<string, Piece[]>();
  const params: Record<string, string> = Object.create(null);
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const [, name = '', number, star] =
      /^([^*]*)(?:\*(\d{1,3}))?(\*)?$/.exec(part.slice(0, equals).trim().toLowerCase()) ?? [];
    const text = part.slice(equals + 1).trim();
    if (name === '') continue;
    if (number === undefined && star === undefined) params[name] ??= text;
    else
      pieces.set(name, [...(pieces.get(name) ?? []), { number: Number(number ?? 0), isEscaped: star === '*', text }]);
  }
  for (const [name, found] of pieces) params[name] = joined(found);
  return { value: value.trim().toLowerCase(), params };
}

function joined(pieces: readonly Piece[]): string {
  const sorted = pieces.toSorted((a, b) => a.number - b.number);
  const [, charset = null] = (sorted[0]?.isEscaped && /^([^']*)'[^']*'/.exec(sorted[0].text)) || [];
  const bytes = sorted.map(({ isEscaped, text }, at) => {
    const own = at === 0 && charset !== null ? text.replace(/^[^']*'[^']*'/, '') : text;
    return isEscaped ? unescaped(own) : Buffer.from(own, 'utf8');
  });
  return decodeText(Buffer.concat(bytes), charset);
}

const unescaped = (text: string): Buffer =>
  Buffer.from(
    Buffer.from(text, 'utf8')
      .toString('latin1')
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

/** Splits a value at its semicolons, and removes quotes and comments. */
function partsOf(field: string): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < field.length; at++) {
    const character = field[at] as string;
    if (character === '\\' && (quoted || depth > 0) && at + 1 < field.length) {
      at++;
      if (depth === 0) part += escaped(field[at] as string);
    } else if (character === '"' && depth === 0) quoted = !quoted;
    else if (quoted) part += character;
    else if (character === '(') depth++;
    else if (character === ')' && depth > 0) depth--;
    else if (depth > 0) continue;
    else if (character === ';') {
      parts.push(part);
      part = '';
    } else part += character;
  }
  parts.push(part);
  return parts;
}

/** Windows writes paths into quotes unescaped, so only escaped quotes and backslashes are unescaped. */
const escaped = (character: string): string => (/["\\]/.test(character) ? character : `\\${character}`);
