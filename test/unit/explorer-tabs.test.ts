import { expect, it } from 'vitest';
import { NO_EXAMPLES } from '../../src/server/graphiql/examples.ts';
import { defaultTabs } from '../../src/server/graphiql/tabs.ts';

/** Variables that a tab of the explorer opens with, outside of the sandbox and for a user without accounts. */

const variablesOf = (name: string, controlUrl: string | null) => {
  const tab = defaultTabs(NO_EXAMPLES, controlUrl, 'https://mail.example.com').find(({ query }) =>
    query?.includes(`mutation ${name}(`),
  );
  return JSON.parse(tab?.variables ?? '{}');
};

it('connects without a redirectUri when REDIRECT_URIS may not list the page', () => {
  expect(variablesOf('Connect', null).input).toEqual({ provider: 'GMAIL', access: 'READ' });
  const { input } = variablesOf('Connect', 'http://127.0.0.1:4001/control');
  expect(input.redirectUri).toBe('https://mail.example.com/');
});

it('says what to do first when there is no account', () => {
  expect(variablesOf('Send', null).input.message.integration).toContain('use the tab Connect first');
});
