import { expect, it } from 'vitest';
import { decodeAddressField, parseAddressList } from '../../sandbox/mail/address.ts';
import { HeaderFields } from '../../src/providers/gmail/read/headers.ts';
import { toMessage } from '../../src/providers/gmail/read/map.ts';
import { HeaderSpelling } from '../../src/providers/gmail/wire/header-spelling.ts';

const TRAP = 'trap@corp.example';
// biome-ignore format: a list to read
const BITS = [
  'Ann', 'ü', '山', '👩‍💻', TRAP, `<${TRAP}>`, `<${TRAP}`, `${TRAP}>`, `mailto:${TRAP}`, `=?utf-8?Q?trap=40corp.example?=`,
  '"', ',', ';', ':', '\\', '=?', '?=', '@', '(', ')', '<', '>', '[', ']', '<>', '>,', '">,', '," <', "'", '.', ' ', ' ',
  'Boss:', `\r\nTo: ${TRAP}`,
];
const COMMENTS = ['x', TRAP, `<${TRAP}>`, 'a,b', '\\)', '(n)'];

/** A random generator that gives the same values in every run. */
function randomly(seed: number) {
  let state = seed;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = (of: readonly string[]) => of[below(of.length)] as string;
  const hex = (bytes: Buffer) =>
    [...bytes].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  const word = (bytes: Buffer) =>
    below(2) === 0 ? `=?utf-8?b?${bytes.toString('base64')}?=` : `=?UTF-8*en?Q?${hex(bytes)}?=`;
  const written = (name: string) => {
    const bytes = Buffer.from(name);
    if (below(3) === 0 && /^[ -~]*$/.test(name)) return `"${name.replace(/[\\"]/g, '\\$&')}"`;
    // The cut may also be in the middle of a character.
    const cut = below(bytes.length);
    return cut === 0
      ? word(bytes)
      : `${word(bytes.subarray(0, cut))}${pick([' ', '\r\n '])}${word(bytes.subarray(cut))}`;
  };
  let people = 0;
  const comment = () => (below(12) === 0 ? ` (${pick(COMMENTS)}) ` : '');
  const person = (): [field: string, address: string] => {
    const address = pick([`u${++people}@x.example`, `"q ${people}"@x.example`, `u${people}@[10.0.0.1]`]);
    if (below(6) === 0) return [`${comment()}${address}${comment()}`, address];
    const name = Array.from({ length: 1 + below(5) }, () => pick(BITS)).join(pick(['', ' ']));
    return [`${comment()}${written(name)}${pick([' ', '', '\r\n '])}<${address}>${comment()}`, address];
  };
  const list = (length: number): [field: string, addresses: string[]] => {
    const fields: string[] = [];
    const addresses: string[] = [];
    for (let index = 0; index < length; index++) {
      const group = below(16) === 0 ? pick(['Team', '"All, of us"', word(Buffer.from(`G: ${TRAP}`))]) : null;
      const members = Array.from({ length: group === null ? 1 : below(3) }, person);
      const written = members.map(([field]) => field).join(', ');
      fields.push(group === null ? written : `${group}:${written};`);
      addresses.push(...members.map(([, address]) => address));
    }
    return [fields.join(pick([', ', ',', ',\r\n '])), addresses];
  };
  return { below, person, list };
}

it('finds in lists of odd names everybody who is written there and nobody else, whichever way Gmail lists them', () => {
  const { below, person, list } = randomly(7);
  for (let round = 0; round < 500; round++) {
    const from = person();
    const reply = person();
    const to = list(1 + below(round % 10 === 0 ? 20 : 3));
    const wanted = [[from[1]], [reply[1]], to[1]];
    const written = [
      { name: 'From', value: from[0] },
      { name: 'Reply-To', value: reply[0] },
      { name: 'To', value: to[0] },
    ];
    const decoded = written.map(({ name, value }) => ({ name, value: decodeAddressField(value) }));
    const read = (headers: typeof written) => {
      const fields = new HeaderFields(headers);
      const spelling = new HeaderSpelling();
      const sample = '=?utf-8?Q?=C3=BC?=';
      const seen = (subject: string) => new HeaderFields([{ name: 'Subject', value: subject }]);
      if (headers === decoded) spelling.learn(seen('ü'), seen(sample));
      const asked = spelling.isDoubtful(fields) ? new HeaderFields(written) : undefined;
      const message = toMessage({ id: 'x', payload: { headers } }, 'envelope', asked);
      return [message.from ? [message.from] : [], message.replyTo, message.to].map((all) =>
        all.map(({ address }) => address),
      );
    };
    expect(read(written), JSON.stringify(written)).toEqual(wanted);
    expect(read(decoded), JSON.stringify(decoded)).toEqual(wanted);
    const emulated = written.map(({ value }) => parseAddressList(value).map(({ address }) => address));
    expect(emulated, JSON.stringify(written)).toEqual(wanted);
    // Without the raw mail, which would settle the reading, the last angle address counts.
    const unsettled = toMessage({ id: 'x', payload: { headers: decoded } }, 'envelope');
    expect(
      [unsettled.from?.address, ...unsettled.replyTo.map(({ address }) => address)],
      JSON.stringify(decoded),
    ).toEqual([from[1], reply[1]]);
  }
});
