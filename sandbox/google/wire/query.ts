import { badParameter, GoogleError } from '../errors.ts';

/** What a method takes in its query, by name. */
export type QuerySpec = Readonly<Record<string, 'text' | 'texts' | 'flag' | 'count' | readonly string[]>>;

/** Taken by every method. */
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

/** A query that has been held against what the method takes. Throws GoogleError 400. */
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

  /** How many to give: 0 and nothing mean the default, more than `most` means `most`. */
  count(name: string, standard: number, most: number): number {
    return Math.min(Number(this.#values.get(name) ?? standard) || standard, most);
  }
}

function invalidValue(name: string, type: string, value: string): GoogleError {
  return badParameter(`Invalid value at '${name}' (${type}), "${value}"`, name);
}
