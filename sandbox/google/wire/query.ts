import { badParameter, GoogleError } from '../errors.ts';

/** The query parameters of a method, by name. */
export type QuerySpec = Readonly<Record<string, 'text' | 'texts' | 'flag' | 'count' | readonly string[]>>;

/** The query parameters that every method accepts. */
const COMMON: QuerySpec = {
  '$.xgafv': ['1', '2'],
  access_token: 'text',
  alt: ['json', 'media', 'proto'],
  callback: 'text',
  fields: 'text',
  key: 'text',
  oauth_token: 'text',
  prettyPrint: 'flag',
  quotaUser: 'text',
  uploadType: 'text',
  upload_protocol: 'text',
  upload_id: 'text',
};

/** A validated query. Throws GoogleError 400 for parameters that the method does not accept. */
export class Query {
  readonly #values: URLSearchParams;

  constructor(search: string, spec: QuerySpec) {
    this.#values = new URLSearchParams(search);
    for (const [name, value] of this.#values) {
      const kind = Object.hasOwn(spec, name) ? spec[name] : Object.hasOwn(COMMON, name) ? COMMON[name] : undefined;
      if (kind === undefined) {
        const message = `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`;
        throw new GoogleError(400, 'INVALID_ARGUMENT', 'badRequest', message);
      }
      if (kind === 'flag' && !/^(true|false|1|0)$/.test(value)) throw invalidValue(name, 'TYPE_BOOL', value);
      if (kind === 'count' && !/^\d{1,9}$/.test(value)) throw invalidValue(name, 'TYPE_UINT32', value);
      if (typeof kind === 'object' && !kind.includes(value.toLowerCase()) && !kind.includes(value))
        throw invalidValue(name, 'TYPE_ENUM', value);
    }
  }

  text(name: string): string | null {
    return this.#values.get(name);
  }

  texts(name: string): readonly string[] {
    return this.#values.getAll(name);
  }

  flag(name: string): boolean {
    return /^(true|1)$/.test(this.#values.get(name) ?? '');
  }

  /** Returns the page size. 0 and an absent value mean the default, and more than `most` means `most`. */
  count(name: string, standard: number, most: number): number {
    return Math.min(Number(this.#values.get(name) ?? standard) || standard, most);
  }
}

function invalidValue(name: string, type: string, value: string): GoogleError {
  return badParameter(`Invalid value at '${name}' (${type}), "${value}"`, name);
}
