import { describe, expect, it } from 'vitest';
import { malformed as malformedGmail } from '../../src/providers/gmail/wire/answers.ts';
import { malformed as malformedGraph } from '../../src/providers/outlook/wire/answers.ts';

/** Values that no requested field may have. */
const FOREIGN = [5, true, {}, [5], [null], { a: 1 }];
/** Returns values of another type than the valid one, which is a text, a number or a list. */
const wrongValues = (valid: unknown) =>
  FOREIGN.filter((value) => typeof value !== typeof valid || Array.isArray(valid));

/** Yields the answer once for each of its fields, at any depth, with that field replaced by a value of another type. */
function* withWrongTypes(answer: Record<string, unknown>, path = ''): Generator<[string, Record<string, unknown>]> {
  for (const [name, valid] of Object.entries(answer)) {
    const at = `${path}.${name}`;
    for (const value of wrongValues(valid))
      if (typeof valid !== 'object') yield [`${at} = ${JSON.stringify(value)}`, { ...answer, [name]: value }];
    if (typeof valid === 'object') yield [`${at} = 5`, { ...answer, [name]: 5 }];
    const inner = Array.isArray(valid) ? valid[0] : valid;
    if (typeof inner !== 'object' || inner === null) continue;
    for (const [description, one] of withWrongTypes(inner as Record<string, unknown>, at))
      yield [description, { ...answer, [name]: Array.isArray(valid) ? [one] : one }];
  }
}

const GMAIL = {
  id: 'm',
  threadId: 't',
  labelIds: ['INBOX'],
  snippet: 's',
  internalDate: '1700000000000',
  sizeEstimate: 3,
  payload: {
    partId: '',
    mimeType: 'multipart/mixed',
    filename: '',
    headers: [{ name: 'Subject', value: 's' }],
    body: { size: 0 },
    parts: [
      { partId: '0', mimeType: 'text/plain', headers: [{ name: 'a', value: 'b' }], body: { data: 'eA', size: 1 } },
    ],
  },
};
const GRAPH = {
  id: 'm',
  conversationId: 't',
  parentFolderId: 'f',
  changeKey: 'c',
  subject: 's',
  bodyPreview: 's',
  from: { emailAddress: { name: 'n', address: 'a@b.example' } },
  toRecipients: [{ emailAddress: { name: 'n', address: 'a@b.example' } }],
  receivedDateTime: '2026-01-05T09:00:00Z',
  isRead: false,
  importance: 'normal',
  flag: { flagStatus: 'notFlagged' },
  categories: ['c'],
  body: { contentType: 'text', content: 'x' },
  internetMessageHeaders: [{ name: 'a', value: 'b' }],
  attachments: [{ id: 'a', name: 'n', contentType: 'text/plain', size: 3, isInline: false }],
  singleValueExtendedProperties: [{ id: 'Integer 0xe08', value: '3' }],
};

describe('an answer whose fields are of other types than the vendor documents is malformed', () => {
  it('at Gmail', () => {
    expect(malformedGmail('messages.get', GMAIL)).toBeNull();
    expect(malformedGmail('messages.get', { id: 'm' })).toBeNull();
    for (const [what, answer] of withWrongTypes(GMAIL))
      expect([what, malformedGmail('messages.get', answer)?.code]).toEqual([what, 'PROVIDER_UNAVAILABLE']);
  });

  it('at Graph, alone and in a list', () => {
    const [one, list] = ['/me/messages/m', '/me/messages?$top=5'];
    expect(malformedGraph('GET', one, GRAPH)).toBeNull();
    expect(malformedGraph('GET', one, { ...GRAPH, from: null, subject: null, flag: null })).toBeNull();
    for (const [what, answer] of withWrongTypes(GRAPH)) {
      const codes = [malformedGraph('GET', one, answer), malformedGraph('GET', list, { value: [answer] })];
      expect([what, ...codes.map((error) => error?.code)]).toEqual([what, ...codes.map(() => 'PROVIDER_UNAVAILABLE')]);
    }
    const links = { value: [], '@odata.nextLink': 'https://graph.microsoft.com/v1.0/me/messages?$skip=5' };
    expect(malformedGraph('GET', list, links)).toBeNull();
    expect(malformedGraph('GET', list, { value: [], '@odata.nextLink': 5 })?.code).toBe('PROVIDER_UNAVAILABLE');
  });

  it.each(['messages.batchModify', 'messages.batchDelete', 'drafts.delete', 'labels.delete', 'stop'] as const)(
    'and so is a page instead of an empty answer, of %s',
    (operation) => {
      expect([undefined, '', {}].map((answer) => malformedGmail(operation, answer))).toEqual([null, null, null]);
      for (const answer of ['<html>', [], 5, { value: 5 }])
        expect(malformedGmail(operation, answer)?.code).toBe('PROVIDER_UNAVAILABLE');
    },
  );
});
