import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { problemOf } from '../../src/graphql/errors/problem.type.ts';
import { createLog } from '../../src/platform/log.ts';
import { requireConfigured, requireProvider } from '../../src/providers/contract/find-provider.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

it('shows only a reference for an unexpected error, under which the log has it', () => {
  const lines: string[] = [];
  const log = createLog('error', { write: (line) => void lines.push(line) });
  const problem = problemOf(new TypeError('a secret of ours'), log);
  expect(problem).toMatchObject({ code: 'INTERNAL', message: 'Something went wrong', retryAfter: null });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    reference: problem.reference,
    err: { message: 'a secret of ours' },
  });
  const known = problemOf(new MailError('RATE_LIMITED', 'Later.', { retryAfterMs: 1_000 }), log);
  expect(known).toMatchObject({ code: 'RATE_LIMITED', message: 'Later.', reference: null });
  expect(known.retryAfter?.getTime()).toBeGreaterThan(Date.now());
  expect(lines).toHaveLength(1);
});

it('names the provider of an account that this gateway no longer serves', () => {
  const providers = [fakeProvider({ configured: false })];
  expect(() => requireProvider(providers, 'IMAP')).toThrow('This gateway does not support the provider IMAP.');
  expect(() => requireConfigured(providers, 'GMAIL')).toThrow('Fake Mail is no longer configured on this gateway.');
});
