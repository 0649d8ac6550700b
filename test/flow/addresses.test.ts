import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEADER_SPELLINGS } from '../../sandbox/world.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { twinPlaying } from '../support/app/lab.ts';

const EVIL = 'mallory@evil.example';
const SAVE = graphql(
  `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { message { to { name address } cc { name address } } } userErrors { code message } } }`,
);
const BY_SUBJECT = graphql(
  `query ($id: ID!) { node(id: $id) { ... on Integration { messages(first: 20) { nodes { id subject from { name address } replyTo { name address } thread { participants { name address } } } } } } }`,
);

describe.each(HEADER_SPELLINGS)('an answer, with headers %s', (headers) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ messages: 0, headers });
  });
  afterAll(() => app.close());

  it('goes to the address that was written, whatever its name claims', async () => {
    const raw = (subject: string, ...lines: string[]) =>
      [...lines, `Subject: ${subject}`, `Message-ID: <${subject}@x.example>`, '', 'Please confirm.', ''].join('\r\n');
    const mails = [
      raw(
        'spoofed-from',
        `From: =?utf-8?Q?Bank_Support_=3Csupport=40bank=2Eexample=3E?= <${EVIL}>`,
        'To: =?utf-8?Q?Alice_=3Calice=40bank.example=3E=2C_Bob?= <bob@x.example>, Demo <demo@gmail.example>',
      ),
      raw(
        'spoofed-reply-to',
        'From: Plain <plain@x.example>',
        `Reply-To: =?utf-8?B?${Buffer.from('Boss <boss@bank.example>, Eve').toString('base64')}?= <${EVIL}>`,
      ),
    ];
    const { viewer } = await app.data(graphql(`{ viewer { integrations { id address provider { id } } } }`));
    for (const { id, address, provider } of viewer.integrations) {
      const { vendor } = twinPlaying(provider.id);
      for (const one of mails) await app.control('/deliver', { vendor, account: address, raw: one });
      const read = async () => (await app.data(BY_SUBJECT, { id })).node.messages.nodes;
      await expect.poll(async () => (await read()).length).toBe(2);
      const nodes = await read();
      for (const subject of ['spoofed-from', 'spoofed-reply-to']) {
        const message = nodes.find((node) => node.subject === subject);
        for (const replyAll of [false, true]) {
          const { saveDraft } = await app.data(SAVE, {
            input: { integration: id, reply: message?.id, replyAll, text: 'Hello' },
          });
          expect(saveDraft.userErrors).toEqual([]);
          const { to, cc } = saveDraft.draft.message;
          expect(to.map((person) => person.address)).toEqual([EVIL]);
          expect([...to, ...cc].filter((person) => person.address.endsWith('@bank.example'))).toEqual([]);
        }
        expect(message?.thread.participants.filter((person) => person.address.endsWith('@bank.example'))).toEqual([]);
      }
    }
  });
});
