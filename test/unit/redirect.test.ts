import { describe, expect, it } from 'vitest';
import { isAllowedRedirect } from '../../src/accounts/redirect.ts';

const ALLOWED = ['https://app.example', 'https://two.example/mail', 'http://localhost:3000/'];

describe('the allow-list of redirects', () => {
  it.each([
    'https://app.example',
    'https://app.example/any/path?and=query',
    'https://APP.example:443/x',
    'https://two.example/mail',
    'https://two.example/mail/done?x=1',
    'http://localhost:3000/callback',
  ])('allows %s', (target) => {
    expect(isAllowedRedirect(target, ALLOWED)).toBe(true);
  });

  it.each([
    'https://app.example.evil.test/',
    'https://app.example@evil.test/',
    'https://user:pass@app.example/',
    'https://evil.test/https://app.example',
    'https://evil.test#https://app.example',
    'https://app.example/#fragment',
    'http://app.example/',
    'https://app.example:8443/',
    'https://two.example/mailbox',
    'https://two.example/',
    'https://two.example/mail/../admin',
    'https://two.example/mail/%2e%2e/admin',
    'https://two.example/mail/..%2fadmin',
    'https://two.example/mail\\..\\..\\admin',
    'http://localhost:3001/',
    '//app.example/',
    '/relative',
    'javascript:alert(1)//https://app.example',
    'data:text/html,https://app.example',
    '',
  ])('refuses %s', (target) => {
    expect(isAllowedRedirect(target, ALLOWED)).toBe(false);
  });

  it('allows nothing when it is empty', () => {
    expect(isAllowedRedirect('https://app.example', [])).toBe(false);
  });
});
