import { GraphQLScalarType } from 'graphql';
import { GraphQLEmailAddress } from 'graphql-scalars';
import { momentOf, momentText } from '../domain/moment.ts';
import { badUserInput } from './bad-user-input.ts';

/**
 * Enough for a search of a dozen native lists over several accounts, each hundreds of threads deep, and for dozens of
 * accounts.
 */
const MAX_CURSOR_LENGTH = 1_000_000;

/** A Date in code, and RFC 3339 on the wire. Output is in UTC. */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'A point in time in RFC 3339 format: 2026-11-20T09:30:00.000Z. Output is in UTC. Input must have an offset, and may have any.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => {
    if (value instanceof Date) return momentText(value);
    throw new TypeError('a DateTime must be a Date');
  },
  parseValue: (value) => {
    const at = typeof value === 'string' ? momentOf(value) : null;
    if (at) return at;
    throw badUserInput(
      'A DateTime is an existing date and time in RFC 3339 format with an offset, for example "2026-11-20T09:30:00Z".',
    );
  },
});

export const EmailAddress = new GraphQLScalarType<string, string>({
  ...(GraphQLEmailAddress.toConfig() as ReturnType<GraphQLScalarType<string, string>['toConfig']>),
  name: 'EmailAddress',
  description:
    'One e-mail address without a display name: ada@example.org. Used for users and accounts. Addresses in messages are plain strings, because they need not be valid.',
});

/** A string that the URL parser accepts. */
export const URLScalar = new GraphQLScalarType<string, string>({
  name: 'URL',
  description: 'An absolute URL as in RFC 3986: https://example.org/path.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3986',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'string' && URL.canParse(value)) return value;
    throw badUserInput('A URL is absolute, for example "https://example.org/path".');
  },
});

export const Cursor = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  description:
    'A position in a list, or in the events of a subscription. Opaque: pass it back unchanged, and only for the same list with the same arguments. An equal request over an unchanged list returns the same cursors, as far as the provider allows it; with another page size they may be others.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'string' && value.length > 0 && value.length <= MAX_CURSOR_LENGTH) return value;
    throw badUserInput('A Cursor is a string that this API returned, unchanged.');
  },
});
