/** Maximum length of an expression that is evaluated. */
const MAX_LENGTH = 200;
const PART =
  /\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?(?:[a-z]{1,4}|%)?|[-+*/(),]|calc\(|min\(|max\(|clamp\()\s*/y;

/**
 * Evaluates calc(), min(), max() and clamp() (CSS Values 4, section 10). Returns null for any other value or an invalid
 * one. `read` converts a number with its unit.
 */
export function sumOf(value: string, read: (length: string) => number | null): number | null {
  if (value.length > MAX_LENGTH || !/^(?:calc|min|max|clamp)\(/.test(value)) return null;
  const parts: string[] = [];
  PART.lastIndex = 0;
  for (let at = 0; at < value.length; at = PART.lastIndex) {
    const part = PART.exec(value)?.[1];
    if (part === undefined) return null;
    parts.push(part);
  }
  const result = new Sum(parts, read).read();
  return Number.isFinite(result) ? result : null;
}

class Sum {
  private at = 0;

  constructor(
    private readonly parts: readonly string[],
    private readonly readLength: (length: string) => number | null,
  ) {}

  read(): number {
    const result = this.sum();
    return this.at === this.parts.length ? result : Number.NaN;
  }

  private sum(): number {
    let left = this.product();
    for (let sign = this.parts[this.at]; sign === '+' || sign === '-'; sign = this.parts[this.at]) {
      this.at++;
      left += (sign === '+' ? 1 : -1) * this.product();
    }
    return left;
  }

  private product(): number {
    let left = this.value();
    for (let sign = this.parts[this.at]; sign === '*' || sign === '/'; sign = this.parts[this.at]) {
      this.at++;
      const right = this.value();
      left = sign === '*' ? left * right : left / right;
    }
    return left;
  }

  private value(): number {
    const part = this.parts[this.at++] ?? '';
    if (!part.endsWith('(')) return this.readLength(part) ?? Number.NaN;
    const found = [this.sum()];
    while (this.parts[this.at] === ',') {
      this.at++;
      found.push(this.sum());
    }
    if (this.parts[this.at++] !== ')') return Number.NaN;
    if (part === 'min(') return Math.min(...found);
    if (part === 'max(') return Math.max(...found);
    const [low = Number.NaN, preferred = Number.NaN, high = Number.NaN] = found;
    return part === 'clamp(' ? Math.max(low, Math.min(preferred, high)) : low;
  }
}
