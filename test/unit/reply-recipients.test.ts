import { describe, expect, it } from 'vitest';
import { replyIdentity } from '../../src/mail/compose/original.ts';
import { mailboxKey, replyRecipients } from '../../src/mail/compose/recipients.ts';
import { aMessage } from '../support/fakes/fake-account.ts';

const at = (...addresses: string[]) => addresses.map((address) => ({ name: null, address }));
const of = (all: boolean, own: string[], from: string, to: string[], cc: string[] = []) => {
  const message = aMessage('m', { from: at(from)[0] ?? null, to: at(...to), cc: at(...cc), replyTo: [] });
  const answered = replyRecipients(message, own, all);
  return [answered.to, answered.cc].map((list) => list.map(({ address }) => address).join(' '));
};

describe('the recipients of a reply to all', () => {
  it.each([
    ['in plus form', ['ada@x.example'], ['ada+news@x.example', 'Ada+a+b@X.example', 'bob@x.example'], 'bob@x.example'],
    [
      'with dots at gmail.com',
      ['a.da@gmail.com'],
      ['ada@googlemail.com', 'A.D.A+x@gmail.com', 'bob@x.example'],
      'bob@x.example',
    ],
    ['of an alias in plus form', ['ada+work@x.example'], ['ada@x.example', 'bob@x.example'], 'bob@x.example'],
  ])('leave out own addresses %s', (_, own, cc, left) => {
    expect(of(true, own, 'zoe@x.example', own, cc)).toEqual(['zoe@x.example', left]);
  });

  it('include quoted local parts and hosts in other scripts, and nothing that is not an address', () => {
    const cc = ['"john smith"@x.example', 'josé@münchen.example', 'undisclosed-recipients:', '"a<b>"@x.example'];
    expect(of(true, ['ada@x.example'], '"z..z"@x.example', ['ada@x.example'], cc)).toEqual([
      '"z..z"@x.example',
      cc.slice(0, 2).join(' '),
    ]);
  });

  it('distinguish other addresses as they are written', () => {
    const cc = ['a.da@x.example', 'b.ob+1@gmail.com', 'bob+2@gmail.com', '+ada@x.example'];
    expect(of(true, ['ada@x.example'], 'zoe@x.example', ['ada@x.example'], cc)).toEqual([
      'zoe@x.example',
      cc.join(' '),
    ]);
  });

  it('treat mail from an own address in plus form as own mail', () => {
    expect(of(false, ['ada@x.example'], 'ada+list@x.example', ['bob@x.example'])).toEqual(['bob@x.example', '']);
  });
});

describe('the sender of a reply', () => {
  const identity = (address: string, isDefault = false) => ({ address, name: null, isDefault });
  const to = (address: string) => aMessage('m', { from: at('zoe@x.example')[0] ?? null, to: at(address), cc: [] });

  it('is the identity that received the message, its own form before another of the same mailbox', () => {
    const identities = [identity('ada@gmail.com', true), identity('ada+work@gmail.com')];
    expect(replyIdentity(to('ada+work@gmail.com'), identities)?.address).toBe('ada+work@gmail.com');
    expect(replyIdentity(to('a.da+shop@gmail.com'), identities)?.address).toBe('ada@gmail.com');
    expect(replyIdentity(to('eve@gmail.com'), identities)).toBeNull();
  });
});

it.each([
  ['Ada.B+c@GoogleMail.com', 'adab@gmail.com'],
  ['a.b+c+d@x.example', 'a.b@x.example'],
  ['+ada@x.example', '+ada@x.example'],
  ['"a@b+c"@X.example', '"a@b+c"@x.example'],
  ['No address', 'no address'],
])('the mailbox of %s is %s', (address, mailbox) => expect(mailboxKey(address)).toBe(mailbox));
