import { describe, expect, it } from 'vitest';
import { withAnswer } from '../../src/accounts/connect/authorization-code/callback.reply.ts';
import { redirectEntryFault, redirectFault } from '../../src/accounts/connect/redirect.ts';

const ALLOWED = [
  'https://app.example',
  'https://two.example/mail',
  'https://three.example/',
  'http://app.example/inbox',
  'http://127.0.0.1/back',
  'http://[::1]:9/back',
  'http://localhost/back',
  'http://localhost:3000/dev',
  'com.example.app:/oauth2redirect',
  'com.example.other://done',
  'org.example.third:done',
];
const fault = (target: string, anyLoopback = false) => redirectFault(target, { allowed: ALLOWED, anyLoopback });

describe('the allow-list of redirects', () => {
  it.each([
    'https://app.example',
    'https://app.example/',
    'https://app.example/any/path?and=query',
    'https://app.example?and=query',
    'https://two.example/mail',
    'https://two.example/mail?x=https%3A%2F%2Fevil.test%2F..%2F&y=1;2',
    'https://three.example/',
    'http://127.0.0.1:51004/back',
    'http://127.0.0.1/back?x=1',
    'http://[::1]:51004/back',
    'http://localhost:51004/back',
    'http://localhost:3000/dev',
    'com.example.app:/oauth2redirect',
    'com.example.other://done',
    'org.example.third:done',
  ])('allows %s', (target) => {
    expect(fault(target)).toBeNull();
  });

  it.each([
    // another host, user or scheme
    'https://app.example.evil.test/',
    'https://evil-app.example/',
    'https://app.example@evil.test/',
    'https://@app.example/',
    'https://:@app.example/',
    'https://user:pass@app.example/',
    'https://evil.test/https://app.example',
    'https://evil.test#https://app.example',
    'https://evil.test?https://app.example',
    'http://app.example/',
    'https://app.example:8443/',
    'https://app.example:443/',
    'https://app.example:0/',
    'https://app.example./',
    'https://APP.example/',
    'HTTPS://app.example/',
    'https:app.example/',
    'https:/app.example/',
    'https:///app.example/',
    'https://app.example\\@evil.test/',
    'https://evil.test\\@app.example/',
    'https://app。example/',
    'https://ａpp.example/',
    'https://app%2eexample/',
    'https://app.example/#fragment',
    'https://app.example/#',
    'https://app.example/?x=1#y',
    ' https://app.example/',
    'https://app.example/\n',
    'https://app.exam\tple/',
    'https://app.example/\u0000',
    'https://app.example/\u202e',
    '//app.example/',
    '/relative',
    'app.example/inbox',
    '',
    // another path
    'https://two.example/',
    'https://two.example/mail/',
    'https://two.example/mailbox',
    'https://two.example/Mail',
    'https://two.example/mail/done',
    'https://two.example//mail',
    'https://three.example/x',
    'https://two.example/mail/../admin',
    'https://two.example/x/../mail',
    'https://two.example/./mail',
    'https://two.example/m%61il',
    'http://app.example/inbox/..;/x',
    'http://app.example/inbox;/../x',
    'http://app.example/inbox;v=1',
    'http://app.example/inbox/%252e%252e/x',
    'http://app.example/inbox/%25252e%25252e/x',
    // paths that a server under the origin could read as another path
    'https://app.example/inbox/..;/x',
    'https://app.example/inbox;/x',
    'https://app.example/inbox/%2e%2e/x',
    'https://app.example/inbox/.%2E/x',
    'https://app.example/inbox/%252e%252e/x',
    'https://app.example/inbox/..%2fx',
    'https://app.example/inbox/..%5cx',
    'https://app.example/inbox/..%255cx',
    'https://app.example/inbox/..%3b/x',
    'https://app.example/inbox/%c0%ae%c0%ae/x',
    'https://app.example/inbox/%uff0e%uff0e/x',
    'https://app.example/inbox/%EF%BC%8E%EF%BC%8E/x',
    'https://app.example/inbox/．．/x',
    'https://app.example/inbox/%00',
    'https://app.example/inbox/%0d%0aSet-Cookie:x',
    'https://app.example//evil.test/',
    'https://app.example/x//evil.test/',
    'https://app.example/\\evil.test',
    // this machine, but not as it is listed
    'http://127.0.0.1:51004/',
    'http://127.0.0.1:51004/other',
    'https://127.0.0.1:51004/back',
    'http://127.1:51004/back',
    'http://0x7f000001/back',
    'http://2130706433/back',
    'http://127.0.0.2:51004/back',
    'http://0.0.0.0:51004/back',
    'http://[::]:51004/back',
    'http://[0:0:0:0:0:0:0:1]:51004/back',
    'http://[::ffff:127.0.0.1]:51004/back',
    'http://localhost:3001/dev',
    'http://localhost.evil.test/back',
    'http://app.localhost:51004/back',
    'http://127.0.0.1.evil.test/back',
    'http://127.0.0.1:51004@evil.test/back',
    // another app, or no app at all
    'com.example.app:/oauth2redirect/x',
    'com.example.app:/oauth2redirect?x=1',
    'com.example.app://oauth2redirect',
    'com.example.app:oauth2redirect',
    'COM.example.app:/oauth2redirect',
    'com.example.application:/oauth2redirect',
    'com.example.app:/x/../oauth2redirect',
    'javascript:alert(1)//https://app.example',
    'data:text/html,https://app.example',
    'file:///etc/passwd',
    'blob:https://app.example/1',
    'vbscript:msgbox(1)',
    'intent://app.example/#Intent;scheme=https;end',
    'about:blank',
    'mailto:a@app.example',
    'ftp://app.example/',
    'ws://app.example/',
    'wss://app.example/',
    'view-source:https://app.example/',
    'filesystem:https://app.example/x',
  ])('refuses %j', (target) => {
    expect(fault(target)).toMatch(/^This redirectUri .*\.$/);
  });

  it('allows nothing when it is empty', () => {
    expect(redirectFault('https://app.example', { allowed: [], anyLoopback: false })).toContain('REDIRECT_URIS');
    expect(redirectFault('http://127.0.0.1:3000/', { allowed: [], anyLoopback: false })).toContain('REDIRECT_URIS');
  });

  it('allows every page of this machine in the sandbox, and of no other', () => {
    for (const target of [
      'http://127.0.0.1:5173/inbox',
      'http://localhost:3000/a/b?c=d',
      'https://localhost/',
      'http://[::1]:8080/x',
    ])
      expect([target, fault(target, true)]).toEqual([target, null]);
    for (const target of [
      'http://127.0.0.1.evil.test/',
      'http://evil.test/?127.0.0.1',
      'http://127.0.0.1:5173/a/..;/b',
      'http://127.1/',
      'http://localhost@evil.test/',
      'localhost:5173/inbox',
      'com.example.unlisted:/x',
    ])
      expect([target, fault(target, true)]).not.toEqual([target, null]);
  });

  it.each([
    '*',
    'app.example',
    'https://*.app.example/',
    'https://app.example/*',
    'https://app.example/a/../b',
    'https://app.example/%2e%2e/b',
    'https://app.example/a;b',
    'https://APP.example/',
    'https://app.example:443/',
    'https://app.example/#x',
    'https://app.example/?x=1',
    'https://user@app.example/',
    'javascript:alert(1)',
    'myapp://callback',
    'com.example.app:',
    'javascript.example:/x',
  ])('reports that the entry %j can never match', (entry) => {
    expect(redirectEntryFault(entry)).toEqual(expect.any(String));
  });

  it('accepts the entries that match here', () => {
    expect(ALLOWED.map(redirectEntryFault)).toEqual(ALLOWED.map(() => null));
  });
});

describe("the answer in a redirect's query", () => {
  const answer = { status: 'failed', code: 'CONSENT_REQUIRED', message: 'a & b' };
  const queryOf = (query: string) => [...new URL(withAnswer(`https://app.example/inbox${query}`, answer)).searchParams];

  it.each([
    '?status=connected&integration=x',
    '?status=a&status=b&status=c',
    '?STATUS=connected&Integration=x&Token=t',
    '?%73tatus=connected&to%6ben=t',
    '?status[]=connected&token[x]=t&status.x=1',
    '?status%00=connected&%20status=x&+token=t&status+=y',
    '?%C5%BFtatus=connected&to%E2%84%AAen=t',
    '?code=1&message=hello&address=a@b.c&provider=GMAIL&error=x',
  ])('keeps no parameter of the caller under a name of ours: %s', (query) => {
    expect(queryOf(query)).toEqual(Object.entries(answer));
  });

  it('keeps other parameters as they were, and never two that a server would split differently', () => {
    expect(queryOf('?tab=1&tab=2&status_filter=open&my-token=1&state=s')).toEqual([
      ['tab', '1'],
      ['tab', '2'],
      ['status_filter', 'open'],
      ['my-token', '1'],
      ['state', 's'],
      ...Object.entries(answer),
    ]);
    expect(withAnswer('https://app.example/?x=1;status=connected', answer)).toContain(
      'x=1%3Bstatus%3Dconnected&status=',
    );
    expect(withAnswer('com.example.app:/oauth2redirect', { status: 'pending', token: 't' })).toBe(
      'com.example.app:/oauth2redirect?status=pending&token=t',
    );
    expect(withAnswer('org.example.third:done', { status: 'pending' })).toBe('org.example.third:done?status=pending');
  });
});
