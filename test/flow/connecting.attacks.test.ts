import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { consent } from '../support/app/lab.ts';
import { documentText } from '../support/clients/document.ts';
import { answerIn, openSocket, subscribe } from '../support/clients/socket.ts';

/** The threats of SECURITY.md, "Connecting an account". Each row there names a test. */

let app: TestApp;
let logged = '';
beforeAll(async () => {
  const log = createLog('trace', {
    write: (line) => {
      logged += line;
    },
  });
  app = await startApp({ demo: false, messages: 2, log });
});
afterAll(() => app.close());

const PAGE = 'http://app.example/inbox';
const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { code message field } } }`,
);
const FINISH = graphql(
  `mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { id } userErrors { code message field } } }`,
);
const PROVIDERS = [
  ['GMAIL', 'demo@gmail.example'],
  ['OUTLOOK', 'demo@outlook.example'],
] as const;

const begin = async (token: string, input: object): Promise<string> =>
  (await app.data(CONNECT, { input: { access: 'FULL', ...input } }, token)).connect.authorizationUrl;
const finish = async (token: string, secret: string) =>
  (await app.data(FINISH, { input: { token: secret } }, token)).finishConnect;
const accountsOf = async (token: string) =>
  (await app.data(graphql(`{ viewer { integrations { id address } } }`), {}, token)).viewer.integrations;
const flowsOf = async (token: string) =>
  (await app.data(graphql(`{ viewer { connectFlows { status waitsFor problem { message } } } }`), {}, token)).viewer
    .connectFlows;

interface Landing {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The code or token with which this browser can finish the flow, or an empty string. */
  readonly secret: string;
}
/** Opens a URL of the gateway in a browser. */
async function browse(url: URL | string): Promise<Landing> {
  const response = await fetch(url, { redirect: 'manual' });
  const body = await response.text();
  const location = response.headers.get('location');
  const secret =
    (location ? new URL(location).searchParams.get('token') : /<output id="code">([^<]+)</.exec(body)?.[1]) ?? '';
  return { status: response.status, headers: response.headers, body, secret };
}
const withParameters = (url: URL, parameters: Record<string, string | null>): URL => {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) changed.searchParams.delete(name);
    else changed.searchParams.set(name, value);
  }
  return changed;
};
const refusal = {
  integration: null,
  userErrors: [expect.objectContaining({ code: 'NOT_FOUND', field: ['input', 'token'] })],
};

it.each(PROVIDERS)('%s: gives an attacker nothing when a victim consents to their link', async (provider, address) => {
  const attacker = await app.user('mallory');
  for (const redirectUri of [PAGE, null]) {
    const victims = await browse(
      await consent(await begin(attacker.token, { provider, redirectUri }), address, 'approve'),
    );
    expect(victims.secret).not.toBe('');
    if (redirectUri === null) {
      expect(victims.body).toContain(attacker.email);
      expect(victims.body).toMatch(/If somebody sent you a link.*nothing has been given to them/s);
    }
  }
  expect(await accountsOf(attacker.token)).toEqual([]);
  expect(await flowsOf(attacker.token)).toMatchObject([
    { status: 'CONNECTING', waitsFor: 'FINISH' },
    { status: 'CONNECTING', waitsFor: 'FINISH' },
  ]);
});

it.each(PROVIDERS)(
  '%s: shows what finishes a flow to nobody who does not bring the code that the provider gave',
  async (provider, address) => {
    const attacker = await app.user('mallory');
    for (const redirectUri of [PAGE, null]) {
      const callback = await consent(await begin(attacker.token, { provider, redirectUri }), address, 'approve');
      const victims = await browse(callback);
      for (const guess of [
        { code: null },
        { code: 'x' },
        { code: '' },
        { code: `${callback.searchParams.get('code')}x` },
        { code: null, error: 'access_denied' },
        { error: 'access_denied' },
      ]) {
        const seen = await browse(withParameters(callback, guess));
        expect([guess, seen.status, seen.secret, seen.headers.get('location')]).toEqual([guess, 400, '', null]);
      }
      // None of these attempts has ended the flow: the page of the person still loads.
      expect((await browse(callback)).secret).toBe(victims.secret);
    }
  },
);

it.each(PROVIDERS)('%s: puts no second code beside a token that was given out', async (provider, address) => {
  const attacker = await app.user('mallory');
  for (const redirectUri of [PAGE, null]) {
    const callback = await consent(await begin(attacker.token, { provider, redirectUri }), address, 'approve');
    const planted = await browse(withParameters(callback, { code: 'planted' }));
    expect(planted.secret).not.toBe('');
    expect(await browse(callback)).toMatchObject({ status: 400, secret: '' });
    const { integration, userErrors } = await finish(attacker.token, planted.secret);
    expect([integration, userErrors]).toEqual([null, [expect.objectContaining({ code: 'INVALID' })]]);
  }
  expect(await accountsOf(attacker.token)).toEqual([]);
});

it.each(PROVIDERS)(
  '%s: finishes for who began, and answers anybody else as if there were nothing',
  async (provider, address) => {
    const ada = await app.user('ada');
    const eve = await app.user('eve');
    for (const redirectUri of [PAGE, null]) {
      const { secret } = await browse(
        await consent(await begin(ada.token, { provider, redirectUri }), address, 'approve'),
      );
      const unknown = await finish(eve.token, redirectUri === null ? 'ZZZZZ-ZZZZZ' : 'z'.repeat(43));
      expect(unknown).toEqual(refusal);
      for (let n = 0; n < 6; n++) expect(await finish(eve.token, secret)).toEqual(unknown);
      const socket = await openSocket(app, eve.token);
      await socket.send(subscribe(documentText(FINISH), '1', { variables: { input: { token: secret } } }));
      expect(answerIn(await socket.receive('next')).data).toEqual({ finishConnect: unknown });
      socket.close();
      const nobody = await app.query(FINISH, { input: { token: secret } }, null);
      expect(nobody.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
      expect(await accountsOf(eve.token)).toEqual([]);
      expect(await finish(ada.token, secret)).toMatchObject({ userErrors: [] });
    }
    expect(await accountsOf(ada.token)).toMatchObject([{ address }]);
  },
);

it('ends a flow after five wrong codes of its own user, and after none of anybody else', async () => {
  const ada = await app.user('ada');
  const eve = await app.user('eve');
  const consented = async () =>
    (await browse(await consent(await begin(ada.token, { provider: 'GMAIL' }), 'demo@gmail.example', 'approve')))
      .secret;
  const wrong = async (token: string, count: number) => {
    for (let n = 0; n < count; n++) expect(await finish(token, `ZZZZZ-ZZZZ${n}`)).toEqual(refusal);
  };
  const first = await consented();
  await wrong(eve.token, 8);
  await wrong(ada.token, 4);
  // A link can make the browser of the user who began pass on any token, so that does not count as an attempt.
  for (let n = 0; n < 5; n++) expect(await finish(ada.token, `${n}`.repeat(43))).toEqual(refusal);
  expect(await finish(ada.token, first)).toMatchObject({ userErrors: [] });

  const second = await consented();
  await wrong(ada.token, 5);
  expect(await finish(ada.token, second)).toEqual(refusal);
  expect((await flowsOf(ada.token))[0]).toMatchObject({ status: 'FAILED', problem: { message: /wrong codes/ } });
});

it.each(PROVIDERS)(
  '%s: decides nothing when a program opens the links before the person does',
  async (provider, address) => {
    const { token } = await app.user('scanned');
    const openAsProgram = async (url: URL | string) => {
      for (const method of ['HEAD', 'GET', 'HEAD'])
        await fetch(url, { method, redirect: 'manual', headers: { 'sec-purpose': 'prefetch' } });
    };
    for (const redirectUri of [PAGE, null]) {
      const authorizationUrl = await begin(token, { provider, redirectUri });
      await openAsProgram(authorizationUrl);
      const state = new URL(authorizationUrl).searchParams.get('state');
      await openAsProgram(`${app.url}/oauth/callback?state=${state}`);
      expect((await flowsOf(token))[0]).toMatchObject({ status: 'CONNECTING', waitsFor: 'CONSENT' });
      const callback = await consent(authorizationUrl, address, 'approve');
      await openAsProgram(callback);
      const { secret } = await browse(callback);
      expect(await finish(token, secret)).toMatchObject({ userErrors: [] });

      const denied = await consent(await begin(token, { provider, redirectUri }), address, 'deny');
      await openAsProgram(denied);
      const { headers, body } = await browse(denied);
      expect(headers.get('location') ?? body).toContain(
        redirectUri === null ? 'was not given consent' : `${PAGE}?status=failed`,
      );
    }
  },
);

it('keeps nobody from finishing by links that pass on wrong tokens', async () => {
  const { token } = await app.user('flooded');
  const consented = async (redirectUri: string | null) =>
    (
      await browse(
        await consent(await begin(token, { provider: 'GMAIL', redirectUri }), 'demo@gmail.example', 'approve'),
      )
    ).secret;
  const [secret, code] = [await consented(PAGE), await consented(null)];
  for (let n = 10; n < 40; n++) expect(await finish(token, `${n}`.padEnd(43, 'z'))).toEqual(refusal);
  for (const right of [secret, code]) expect(await finish(token, right)).toMatchObject({ userErrors: [] });
});

it('lets nobody try codes without end', async () => {
  const { token } = await app.user('guesser');
  const codes: string[] = [];
  for (let n = 0; n < 25; n++) {
    const { data, errors } = await app.query(FINISH, { input: { token: `guess ${n}` } }, token);
    codes.push(errors?.[0]?.extensions.code ?? data.finishConnect.userErrors[0]?.code ?? 'none');
  }
  expect(codes.slice(0, 20)).toEqual(Array(20).fill('NOT_FOUND'));
  expect(codes.at(-1)).toBe('RATE_LIMITED');
});

it('lets who began sign in again before they finish, and nobody else in that browser', async () => {
  const ada = await app.user('ada');
  const bob = await app.user('bob');
  const callback = await consent(
    await begin(ada.token, { provider: 'OUTLOOK', redirectUri: PAGE }),
    'demo@outlook.example',
    'approve',
  );
  await app.data(graphql(`mutation { signOut { userErrors { message } } }`), {}, ada.token);
  const { secret } = await browse(callback);
  expect((await app.query(FINISH, { input: { token: secret } }, ada.token)).errors?.[0]?.extensions.code).toBe(
    'UNAUTHENTICATED',
  );
  expect(await finish(bob.token, secret)).toEqual(refusal);
  const { signIn } = await app.data(
    graphql(`mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }`),
    { input: { email: ada.email, password: 'a good long password' } },
    null,
  );
  expect(await finish(signIn.session.accessToken, secret)).toMatchObject({ userErrors: [] });
});

it.each(PROVIDERS)('%s: refuses an answer that another provider gave', async (provider, address) => {
  const { token } = await app.user('mixed');
  const [other, elsewhere] = PROVIDERS.find(([id]) => id !== provider) ?? PROVIDERS[0];
  const callback = await consent(await begin(token, { provider }), address, 'approve');
  for (const iss of [
    provider === 'GMAIL' ? 'https://login.microsoftonline.com/common/v2.0' : 'https://accounts.google.com',
    'https://accounts.google.com.evil.example',
    'https://evil.example',
    '',
  ])
    expect([iss, await browse(withParameters(callback, { iss }))]).toMatchObject([iss, { status: 400, secret: '' }]);
  const repeated = new URL(callback);
  for (const name of ['code', 'state', 'error', 'iss']) {
    const twice = new URL(repeated);
    for (const value of ['1', '2']) twice.searchParams.append(name, value);
    expect([name, (await browse(twice)).status]).toEqual([name, 400]);
  }
  const theirs = await consent(await begin(token, { provider: other }), elsewhere, 'approve');
  const mixed = await browse(withParameters(callback, { code: theirs.searchParams.get('code') }));
  const { integration, userErrors } = await finish(token, mixed.secret);
  expect([integration, userErrors.length]).toEqual([null, 1]);
  expect(await accountsOf(token)).toEqual([]);
});

it.each(PROVIDERS)('%s: takes a state and a consent once', async (provider, address) => {
  const { token } = await app.user('replayed');
  const callback = await consent(await begin(token, { provider, redirectUri: PAGE }), address, 'approve');
  const { secret } = await browse(callback);
  await finish(token, secret);
  expect(await browse(callback)).toMatchObject({ status: 400, secret: '' });
  // The provider's code is used up, also for another flow. The token is used up for everyone but the user who used it.
  const again = await consent(await begin(token, { provider, redirectUri: PAGE }), address, 'approve');
  const replayed = await browse(withParameters(again, { code: callback.searchParams.get('code') }));
  expect((await finish(token, replayed.secret)).userErrors).toHaveLength(1);
  expect(await finish((await app.user('eve')).token, secret)).toEqual(refusal);
});

it('sends the browser to no place that is not listed, whatever it is called', async () => {
  const { token } = await app.user('redirector');
  for (const redirectUri of [
    'http://app.example/inbox/..;/x',
    'http://app.example/inbox/%252e%252e/x',
    'http://app.example/inbox/x',
    'http://app.example/inbox/',
    'http://app.example/Inbox',
    'http://app.example./inbox',
    'http://APP.example/inbox',
    'http://app.example:80/inbox',
    'http://user@app.example/inbox',
    'http://app.example/inbox#x',
    'http://app.example/inbox\n',
    'http://127.0.0.1:5173/inbox',
    'com.example.app:/oauth2redirect',
    'javascript:alert(1)//app.example/inbox',
  ]) {
    const { data, errors } = await app.query(CONNECT, { input: { provider: 'GMAIL', redirectUri } }, token);
    const codes = errors?.[0]?.extensions.code ?? data.connect.userErrors[0]?.code;
    expect([redirectUri, codes]).toEqual([redirectUri, expect.stringMatching(/^(INVALID|BAD_USER_INPUT)$/)]);
    expect([redirectUri, data?.connect?.authorizationUrl ?? null]).toEqual([redirectUri, null]);
  }
});

it.each(PROVIDERS)('%s: lets no parameter of the caller pass for the outcome', async (provider, address) => {
  const { token } = await app.user('forger');
  const forged =
    'status=connected&STATUS=connected&status[]=connected&integration=SW50&token=mine&code=OK&message=fine';
  const redirectUri = `${PAGE}?tab=1&${forged}&address=a@b.example&provider=GMAIL`;
  for (const decision of ['approve', 'deny'] as const) {
    const { headers } = await browse(await consent(await begin(token, { provider, redirectUri }), address, decision));
    const names = [...new URL(headers.get('location') ?? '').searchParams.keys()];
    expect(names).toEqual(['tab', 'status', ...(decision === 'approve' ? ['token'] : ['code', 'message'])]);
    expect(headers.get('location')).not.toMatch(/connected|SW50|mine|fine/);
  }
});

it.each(PROVIDERS)(
  '%s: leaves no code, state or token in a cache, a Referer, a frame or the log',
  async (provider, address) => {
    const { token } = await app.user('leaky');
    const secrets: string[] = [];
    for (const redirectUri of [PAGE, null]) {
      const callback = await consent(await begin(token, { provider, redirectUri }), address, 'approve');
      const landing = await browse(callback);
      expect(Object.fromEntries(landing.headers)).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      });
      expect(landing.body).not.toMatch(/<script|<img|<link|<form|https?:/i);
      await finish(token, `${landing.secret.slice(1)}Z`);
      await finish(token, landing.secret);
      const { searchParams } = callback;
      secrets.push(landing.secret, searchParams.get('code') ?? '', searchParams.get('state') ?? '');
    }
    expect(logged).toContain('/oauth/callback');
    for (const secret of secrets) expect([secret, logged.includes(secret)]).toEqual([secret, false]);
  },
);
