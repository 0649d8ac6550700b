import type { SingleValueLegacyExtendedProperty } from '@microsoft/microsoft-graph-types';
import type { Item } from '../mailbox/item.ts';
import { badRequest } from '../wire/errors.ts';

/** The MAPI properties that clients request, by canonical id. Null: the item does not have the property. */
const KNOWN: Readonly<Record<string, (item: Item) => string | number | null>> = {
  'Integer 0xe08': (item) => item.content.envelope.size,
  'Long 0xe08': (item) => item.content.envelope.size,
  'Integer 0x1081': (item) => item.lastVerb,
  'Integer 0xe07': (item) =>
    (item.isRead ? 1 : 0) +
    (item.isSubmitted ? 4 : 0) +
    (item.isDraft ? 8 : 0) +
    (item.content.envelope.hasAttachment ? 16 : 0),
  'String 0x37': (item) => item.content.envelope.subject,
  'String 0x76': (item) => item.receivedBy,
  'String 0x7d': (item) =>
    item.content
      .headers()
      .map(({ name, value }) => `${name}: ${value}`)
      .join('\r\n') || null,
  'String 0x1035': (item) => item.content.envelope.messageId,
  'String 0x1039': (item) => item.content.envelope.references.join(' ') || null,
  'String 0x1042': (item) => item.content.envelope.inReplyTo.join(' ') || null,
};

/** Returns the properties that the filter of an $expand names. Without a filter, returns those that a client set. */
export function extendedProperties(item: Item, filter: string | null): SingleValueLegacyExtendedProperty[] {
  const wanted = filter === null ? [...item.extended.keys()] : idsIn(filter);
  return wanted.flatMap((id) => {
    const value = item.extended.get(id) ?? KNOWN[id]?.(item) ?? null;
    return value === null ? [] : [{ id, value: String(value) }];
  });
}

/** Returns the ids in a filter of the form `id eq '…' or id eq '…'`. Throws BadRequest for anything else, as Graph does. */
function idsIn(filter: string): string[] {
  const ids = [...filter.matchAll(/\s*(?:or\s+)?\(?\s*id\s+eq\s+'([^']*)'\s*\)?/gi)];
  if (ids.length === 0 || ids.map(([whole]) => whole).join('').length !== filter.length)
    throw badRequest(
      'The filter expression for $filter does not match to a single extended property and a value restriction.',
      'ErrorInvalidUrlQueryFilter',
    );
  return ids.map(([, id = '']) => canonicalId(id));
}

/** Returns the canonical form of an id: "LONG 0x0E08" and "Long 0xe08" are the same property. Throws BadRequest for an invalid id. */
export function canonicalId(id: string): string {
  const tagged = /^([A-Za-z]+)\s+0x0*([0-9a-f]{1,8})$/i.exec(id);
  if (tagged) return `${capital(tagged[1] ?? '')} 0x${(tagged[2] ?? '').toLowerCase()}`;
  const named = /^([A-Za-z]+)\s+\{([0-9a-f-]{36})\}\s+(Name|Id)\s+(.+)$/i.exec(id);
  if (named)
    return `${capital(named[1] ?? '')} {${(named[2] ?? '').toLowerCase()}} ${capital(named[3] ?? '')} ${named[4]}`;
  throw badRequest(
    `PropertyId values may only be in one of the following formats: 'MapiPropertyType namespaceGuid Name propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or 'MapiPropertyType propertyTag'.`,
    'ErrorInvalidProperty',
  );
}

const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
