import { describe, expect, it } from 'vitest';
import { DiscoveryService } from '../../src/accounts/connect/discovery.service.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

const gmail = fakeProvider({ id: 'GMAIL', domains: ['gmail.com'], mxSuffixes: ['google.com', 'googlemail.com'] });
const outlook = fakeProvider({ id: 'OUTLOOK', domains: ['outlook.com'], mxSuffixes: ['.mail.protection.outlook.com'] });

function discovery(hosts: readonly string[] | Error) {
  const asked: string[] = [];
  const service = new DiscoveryService({
    providers: [gmail, outlook],
    mailHosts: async (domain) => {
      asked.push(domain);
      if (hosts instanceof Error) throw hosts;
      return hosts;
    },
  });
  return { service, asked };
}

describe('discover', () => {
  it('knows domains without asking DNS', async () => {
    const { service, asked } = discovery([]);
    expect((await service.discover('Ada@GMail.com'))?.id).toBe('GMAIL');
    expect((await service.discover('ada@outlook.com'))?.id).toBe('OUTLOOK');
    expect(asked).toEqual([]);
  });

  it('recognises a custom domain by its MX records', async () => {
    const { service, asked } = discovery(['example-com.MAIL.protection.outlook.com.']);
    expect((await service.discover('ada@münchen.example'))?.id).toBe('OUTLOOK');
    expect(asked).toEqual(['xn--mnchen-3ya.example']);
    expect((await discovery(['aspmx.l.google.com']).service.discover('a@b.example'))?.id).toBe('GMAIL');
  });

  it('does not take another host for a known one by a mere suffix', async () => {
    expect(await discovery(['mx.evilgoogle.com']).service.discover('a@b.example')).toBeNull();
  });

  it.each([[[]], [new Error('ENOTFOUND')]])('returns unknown, not an error (%s)', async (hosts) => {
    expect(await discovery(hosts).service.discover('a@b.example')).toBeNull();
  });

  it('returns unknown for what is not a domain', async () => {
    expect(await discovery([]).service.discover('a@')).toBeNull();
  });
});
