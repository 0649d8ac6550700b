import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, PROVIDERS_AND_HEADERS } from '../support/app/lab.ts';

const PAGE = { size: 50, after: null };
const WESTERN = (text: string) => Buffer.from(text, 'latin1');
const UTF8 = (text: string) => Buffer.from(text);

interface Case {
  readonly charset: string | null;
  /** The special letter of the domain, as bytes of the From header. */
  readonly letter: Buffer;
  readonly shown: string;
  /** Whether the other headers are in UTF-8, whatever this one is in. */
  readonly isMixed?: boolean;
}

/** UTF-8 is read as such (RFC 6532). Other bytes are read in the charset of the text, or as windows-1252. */
const CASES: Record<string, Case> = {
  'UTF-8': { charset: 'utf-8', letter: UTF8('ä'), shown: 'ä' },
  'UTF-8 above a text in Latin-1': { charset: 'iso-8859-1', letter: UTF8('ä'), shown: 'ä' },
  'Latin-1 above a text in UTF-8': { charset: 'utf-8', letter: WESTERN('ä'), shown: 'ä' },
  'Latin-1 above a text in "UTF8"': { charset: '"UTF8"', letter: WESTERN('ä'), shown: 'ä' },
  'Latin-1 above a text in Latin-1': { charset: 'iso-8859-1', letter: WESTERN('ä'), shown: 'ä' },
  'Latin-1 above a text of no charset': { charset: null, letter: WESTERN('ä'), shown: 'ä' },
  'Latin-1 above a text of an unknown charset': { charset: 'x-nobody', letter: WESTERN('ä'), shown: 'ä' },
  'Latin-1 above a text in UTF-16': { charset: 'utf-16', letter: WESTERN('ä'), shown: 'ä' },
  'Latin-1 beside headers in UTF-8': { charset: 'utf-8', letter: WESTERN('ä'), shown: 'ä', isMixed: true },
  'Cyrillic above a text in KOI8-R': { charset: 'koi8-r', letter: Buffer.from([0xd1]), shown: 'я' },
  'both in one header': { charset: 'utf-8', letter: Buffer.concat([UTF8('ö'), WESTERN('ä')]), shown: 'Ã¶ä' },
  'a letter of UTF-8 that was cut': { charset: 'utf-8', letter: UTF8('漢').subarray(0, 2), shown: 'æ¼' },
  'bytes that UTF-8 never has': { charset: 'utf-8', letter: Buffer.from([0xff, 0xfe]), shown: 'ÿþ' },
};
/** Forms of From, from plain ones to those that are ambiguous when a provider decodes headers. */
const SHAPES = {
  alone: (address: Buffer) => [address],
  encoded: (address: Buffer) => [UTF8('=?utf-8?Q?Byron=2C_Ada?= <'), address, UTF8('>')],
  'one of two': (address: Buffer) => [UTF8('Ada <'), address, UTF8('>, Bob <bob@x.example>')],
};

const read = ({ from, sender, to, cc, replyTo, subject, sentAt, internetMessageId }: Message) =>
  JSON.stringify({ from, sender, to, cc, replyTo, subject, sentAt, internetMessageId });

describe.each(PROVIDERS_AND_HEADERS)('%s: headers of eight bits, listed %s', (id, headers) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { headers });
  });
  afterAll(() => lab.close());

  const expected = new Map<string, string>();
  const fill = async (account: Account, [kind, one]: [string, Case]) => {
    for (const [shape, around] of Object.entries(SHAPES)) {
      const address = Buffer.concat([UTF8('ada@ex'), one.letter, UTF8('mple.org')]);
      const name = one.isMixed ? UTF8('Zoë') : Buffer.concat([UTF8('Zo'), one.letter]);
      const raw = Buffer.concat([
        ...[UTF8('From: '), ...around(address)],
        ...[UTF8('\r\nTo: '), name, UTF8(' <zoe@x.example>,\r\n  Bob <bob@x.example>')],
        ...[UTF8('\r\nReply-To: '), name, UTF8(' <'), address, UTF8('>')],
        ...[UTF8('\r\nSubject: Plan of '), name, UTF8(',\r\n  folded\r\n')],
        UTF8('Date: Mon, 05 Jan 2026 10:00:00 +0100\r\n'),
        UTF8(`Message-ID: <${expected.size}@eight-bit.example>\r\nMIME-Version: 1.0\r\n`),
        UTF8(`Content-Type: text/plain${one.charset === null ? '' : `; charset=${one.charset}`}\r\n\r\nWords.\r\n`),
      ]);
      const message = await account.deliver({ rawBase64: raw.toString('base64') });
      expected.set(message, `${kind}, ${shape}: ada@ex${one.shown}mple.org`);
    }
  };

  it('are read alike in a list, in a thread, alone and whole, whatever was read before', async () => {
    const account = await lab.account('alike');
    const { session } = account;
    const seen = new Map<string, Map<string, string>>();
    const see = (way: string, messages: readonly Message[]) => {
      for (const message of messages) {
        const own = seen.get(message.id) ?? new Map<string, string>();
        seen.set(message.id, own.set(way, read(message)));
      }
    };
    const lists = async (when: string) => {
      const query = { mailboxId: null, where: null };
      for (const detail of ['envelope', 'full'] as const)
        for (let after: string | null = null, pages = 0; pages === 0 || after !== null; pages += 1) {
          const page = await session.listMessages(query, { ...PAGE, after, detail }, interactive());
          see(`${when}: list, ${detail}`, page.items.filter((item) => !isUnreadable(item)) as Message[]);
          after = page.next;
        }
      for (let after: string | null = null, pages = 0; pages === 0 || after !== null; pages += 1) {
        const page = await session.listThreads(query, { ...PAGE, after }, interactive());
        for (const thread of page.items) if (!isUnreadable(thread)) see(`${when}: thread`, thread.messages);
        after = page.next;
      }
    };
    const alone = async (detail: 'envelope' | 'full') => {
      for (const one of expected.keys()) {
        const [message] = await session.getMessages([one], detail, interactive());
        if (!message || isMailError(message)) throw message;
        see(`alone, ${detail}`, [message]);
      }
    };
    for (const entry of Object.entries(CASES)) await fill(account, entry);
    await alone('envelope');
    await lists('at first');
    // An adapter that has seen its provider decode a header may read the raw mail of more messages than before.
    await account.deliver({ raw: 'From: =?utf-8?Q?J=C3=B6rg?= <j@x.example>\r\nSubject: telling\r\n\r\nx\r\n' });
    await lists('after one that tells');
    await alone('full');
    for (const [message, what] of expected) {
      const [first] = seen.get(message)?.values() ?? [];
      const others = [...(seen.get(message) ?? [])].filter(([, way]) => way !== first);
      expect({ what, others }).toEqual({ what, others: [] });
      expect(JSON.parse(first ?? '{}').from.address, what).toBe(what.split(': ')[1]);
    }
  });

  it('are found by the first search, of messages and of threads, as they are shown', async () => {
    const value = 'ada@exämple.org';
    const query = { mailboxId: null, where: { kind: 'from', value } as const };
    for (const [at, kind] of ['messages', 'threads'].entries()) {
      // Nothing is known of this account, and none of its mail has been read.
      const account = await lab.account(`first${at}`);
      expected.clear();
      for (const entry of Object.entries(CASES).filter(([, { shown }]) => shown === 'ä')) await fill(account, entry);
      for (const turn of ['first', 'second']) {
        const page =
          kind === 'messages'
            ? await account.session.listMessages(query, { size: 100, after: null }, interactive())
            : await account.session.listThreads(query, { size: 100, after: null }, interactive());
        const found = page.items.flatMap((item) =>
          isUnreadable(item) ? [] : 'messages' in item ? item.messages : [item],
        );
        const missing = [...expected].filter(([message]) => !found.some((one) => one.id === message));
        expect([kind, turn, missing.map(([, what]) => what), found.length]).toEqual([kind, turn, [], expected.size]);
        expect(['FILTERED', 'NATIVE']).toContain(page.evaluation);
        expect(found.every(({ from }) => from?.address === value)).toBe(true);
      }
    }
  });
});
