import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isUnreadable, type ListQuery, type Page } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { createRequestLimiter } from '../../src/providers/limiter/request-limiter.ts';
import { outlook } from '../../src/providers/outlook/index.ts';
import { interactive } from '../support/app/lab.ts';

/** A server that plays Graph's search alone, with the links that Graph may send. */
let server: Server;
let session: MailSession;
let requests: string[];
let origin: string;
/** Returns the answer to one request. Null refuses it. */
let answer: (url: string) => object | string | null;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const reply = (url: string): { status: number; body: unknown } => {
        requests.push(url);
        const found = answer(url);
        return found ? { status: 200, body: found } : { status: 404, body: { error: { code: 'ErrorItemNotFound' } } };
      };
      const url = (request.url ?? '').replace(/^\/v1\.0/, '');
      const outcome =
        url === '/$batch'
          ? {
              status: 200,
              body: {
                responses: JSON.parse(body).requests.map((part: { id: string; url: string }) => ({
                  id: part.id,
                  ...reply(part.url),
                })),
              },
            }
          : reply(url);
      const text = typeof outcome.body === 'string' ? outcome.body : JSON.stringify(outcome.body);
      response.writeHead(outcome.status, { 'content-type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = outlook.create(
    outlook.settings.parse({ MICROSOFT_CLIENT_ID: 'x', MICROSOFT_CLIENT_SECRET: 'x', MICROSOFT_GRAPH_URL: origin }),
  );
  session = provider.open({
    address: 'a@outlook.example',
    access: 'READ',
    scopes: [],
    limiter: createRequestLimiter(provider.limits, { log: pino({ level: 'silent' }) }),
    accessToken: async () => 'token',
  });
});
afterEach(() => server.close());

const QUERY: ListQuery = { mailboxId: 'inbox', where: { kind: 'text', value: 'word' } };
const message = (n: number, more: object = {}) => ({
  id: `AAMk${n}`,
  parentFolderId: 'AAMkF',
  conversationId: `C${n}`,
  receivedDateTime: new Date(Date.UTC(2026, 0, 1) - n * 60_000).toISOString(),
  ...more,
});
const list = (size: number, after: string | null, detail: 'envelope' | 'full' = 'envelope') =>
  session.listMessages(QUERY, { size, after, detail }, interactive());
const idsOf = (page: Page<{ readonly id: string }>) => page.items.map((m) => (isUnreadable(m) ? 'unreadable' : m.id));
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `AAMk${from + n}`);

describe('the next page of a search', () => {
  /** The link after the first page, whose query has an order and a spelling of its own. */
  const NEXT = "/me/mailFolders('inbox')/messages?%24top=4&$skiptoken=a+b%2Fc~d&$select=id&%24search=%22word%22&x";
  const pages =
    (host: string, more: object = {}) =>
    (url: string) => {
      if (url === NEXT) return { value: [3, 4, 5, 6].map((n) => message(n, more)) };
      return url.includes('skiptoken')
        ? null
        : { value: [0, 1, 2].map((n) => message(n, more)), '@odata.nextLink': `${host}/v1.0${NEXT}` };
    };

  it.each([
    ['our own origin', () => origin],
    ['the vendor’s', () => 'https://graph.microsoft.com'],
    ['a stranger’s', () => 'https://evil.example/x'],
  ])('is requested by the whole link at our own origin, when the link names %s', async (_, host) => {
    answer = pages(host());
    const first = await list(3, null);
    expect(idsOf(first)).toEqual(numbered(0, 3));
    expect(first.next).not.toMatch(/evil|graph\.microsoft|https?:/);
    expect(idsOf(await list(4, first.next))).toEqual(numbered(3, 7));
    expect(requests.at(-1)).toBe(NEXT);
  });

  it('returns no more of a longer page than was requested, and the rest after it', async () => {
    answer = pages(origin);
    let page = await list(3, null);
    const found = idsOf(page);
    const sizes: number[] = [];
    while (page.next !== null) {
      page = await list(3, page.next);
      sizes.push(page.items.length);
      found.push(...idsOf(page));
    }
    expect(found).toEqual(numbered(0, 7));
    expect(sizes).toEqual([3, 1]);
  });

  it('returns threads in the same way', async () => {
    const searched = pages(origin);
    answer = (url) => {
      const [, conversation] =
        /conversationId%20eq%20'(C\d)'/.exec(url) ?? /conversationId%20eq%20%27(C\d)%27/.exec(url) ?? [];
      if (conversation) return { value: [message(Number(conversation.slice(1)))], '@odata.count': 1 };
      // Trash and junk do not exist here. All mail by date gives threads their positions.
      if (/^\/me\/mailFolders\/(deleteditems|junkemail)\?/.test(url)) return null;
      if (url.startsWith('/me/messages?')) return { value: [0, 1, 2, 3, 4, 5, 6].map((n) => message(n)) };
      return searched(url);
    };
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: Page<{ readonly id: string }> = await session.listThreads(QUERY, { size: 3, after }, interactive());
      found.push(...idsOf(page));
      after = page.next;
    } while (after !== null);
    expect(found).toEqual(Array.from({ length: 7 }, (_, n) => `C${n}`));
  });

  it('is read in full when the link returns envelopes and the caller reads bodies', async () => {
    const searched = pages(origin);
    answer = (url) => {
      const [, n] = /^\/me\/messages\/AAMk(\d)\?/.exec(url) ?? [];
      return n ? message(Number(n), { body: { contentType: 'text', content: `body ${n}` } }) : searched(url);
    };
    const first = await list(3, null);
    const { items } = await list(4, first.next, 'full');
    expect(items.map((m) => !isUnreadable(m) && m.content?.text)).toEqual(['body 3', 'body 4', 'body 5', 'body 6']);
  });

  it('is read by envelopes when the link returns bodies that are too long for one answer', async () => {
    const long = 'x'.repeat(5_000_000);
    const bodies = (n: number, content: string) => message(n, { body: { contentType: 'text', content } });
    answer = (url) => {
      const [, n] = /^\/me\/messages\/AAMk(\d)\?/.exec(url) ?? [];
      if (n) return bodies(Number(n), `body ${n}`);
      if (url === NEXT) return { value: [3, 4, 5, 6].map((n) => bodies(n, long)) };
      const isFull = /%2Cbody%2C/.test(url);
      return isFull
        ? { value: [0, 1, 2].map((n) => bodies(n, `body ${n}`)), '@odata.nextLink': `${origin}/v1.0${NEXT}` }
        : { value: Array.from({ length: 7 }, (_, n) => message(n)) };
    };
    const first = await list(3, null, 'full');
    const { items, next } = await list(4, first.next, 'full');
    expect(items.map((m) => !isUnreadable(m) && m.content?.text)).toEqual(['body 3', 'body 4', 'body 5', 'body 6']);
    expect(next).toBeNull();
  });

  it.each([
    '/me/sendMail?$skiptoken=x',
    '/users/other@example.org/messages?$skiptoken=x',
    '/me/messages/../../users/other/messages?$skiptoken=x',
  ])('is not requested when the link leads elsewhere: %s', async (path) => {
    answer = () => ({ value: [message(0)], '@odata.nextLink': `${origin}/v1.0${path}` });
    await expect(list(1, null)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(requests.every((url) => !url.includes('skiptoken'))).toBe(true);
  });

  it('begins again for a cursor of an earlier release', async () => {
    answer = pages(origin);
    const earlier = `s1~${Buffer.from('a-token').toString('base64url')}~3~`;
    await expect(list(3, earlier)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    expect(requests).toEqual([]);
  });
});

describe('a search with more matches than Graph returns', () => {
  const DAY = 86_400_000;
  const NEWEST = Date.UTC(2026, 5, 30, 12);
  /**
   * A Graph that returns at most a thousand matches, and whose messages were sent in another order than they were
   * received.
   */
  function graphOf(times: readonly number[], sentAs: (n: number) => number = (n) => (n * 7919) % times.length) {
    const all = times.map((at, n) => ({
      id: `AAMk${n}`,
      parentFolderId: 'AAMkF',
      receivedDateTime: new Date(at).toISOString(),
      sent: sentAs(n),
    }));
    return (url: string) => {
      const { searchParams, pathname } = new URL(url, 'http://graph');
      if (!pathname.endsWith('/messages') || !searchParams.has('$search')) return null;
      const asked = searchParams.get('$search') ?? '';
      const [, from = '1900-01-01'] = /received>=([\d-]+)/.exec(asked) ?? [];
      const [, to = '2999-01-01'] = /received<=([\d-]+)/.exec(asked) ?? [];
      const found = all
        .filter((m) => m.receivedDateTime.slice(0, 10) >= from && m.receivedDateTime.slice(0, 10) <= to)
        .sort((a, b) => b.sent - a.sent)
        .slice(0, 1000);
      const at = Number(searchParams.get('$skiptoken') ?? 0);
      searchParams.set('$skiptoken', String(at + 250));
      const link = `${origin}/v1.0${pathname}?${searchParams}`;
      return { value: found.slice(at, at + 250), ...(at + 250 < found.length ? { '@odata.nextLink': link } : {}) };
    };
  }
  async function pages(size: number) {
    const found: string[] = [];
    let truncated = false;
    let after: string | null = null;
    do {
      const page: Page<{ readonly id: string }> = await list(size, after);
      truncated ||= page.truncated ?? false;
      found.push(...idsOf(page));
      after = page.next;
    } while (after !== null);
    return { found, truncated };
  }

  it('is repeated for fewer days, and finds everything', async () => {
    answer = graphOf(Array.from({ length: 2_600 }, (_, n) => NEWEST - Math.floor(n / 100) * DAY - (n % 100) * 1000));
    const { found, truncated } = await pages(100);
    expect([found.length, truncated]).toEqual([2_600, false]);
    expect(found).toEqual(numbered(0, 2_600));
    expect(requests.length).toBeLessThan(150);
  });

  it('is not read in full for a page of mail that was sent in the order of receipt', async () => {
    const count = 900;
    answer = graphOf(
      Array.from({ length: count }, (_, n) => NEWEST - Math.floor(n / 10) * DAY - (n % 10) * 1000),
      (n) => count - n,
    );
    const first = await list(25, null);
    expect(idsOf(first)).toEqual(numbered(0, 25));
    // The cost is that of the messages sent last, and of the days of the page.
    expect(first.spent).toBeLessThan(350);
    expect((await pages(25)).found).toEqual(numbered(0, count));
  });

  it('reports that it is truncated when a single day has more', async () => {
    answer = graphOf(Array.from({ length: 1_200 }, (_, n) => NEWEST - n * 1000));
    const { found, truncated } = await pages(100);
    expect([new Set(found).size, truncated]).toEqual([1_000, true]);
  });
});

it('sends many words in a $batch, whose parts may be longer than URLs', async () => {
  const words = Array.from({ length: 60 }, (_, n) => `word${n}`);
  answer = (url) => (url.includes('%24search=') || url.includes('$search=') ? { value: [message(0)] } : null);
  const where = { kind: 'and', of: words.map((value) => ({ kind: 'text', value }) as const) } as const;
  const page = await session.listMessages({ mailboxId: 'inbox', where }, { size: 3, after: null }, interactive());
  expect(idsOf(page)).toEqual(['AAMk0']);
  const [asked = ''] = requests;
  for (const word of words) expect(decodeURIComponent(asked)).toContain(`\\"${word}\\"`);
  const long = { kind: 'text', value: words.concat(words).join(' ').repeat(20) } as const;
  await expect(
    session.listMessages({ mailboxId: 'inbox', where: long }, { size: 3, after: null }, interactive()),
  ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

it('ends a list whose last page has a link that is null', async () => {
  answer = () => ({ value: [message(0)], '@odata.nextLink': null });
  expect(await list(3, null)).toMatchObject({ next: null });
});

it('sends no request where a link of another scheme leads out of the list', async () => {
  const link = 'x://h/v1.0/me/mailFolders/..\\..\\..\\users\\other/messages?$skiptoken=x';
  answer = () => ({ value: [message(0)], '@odata.nextLink': link });
  await expect(list(1, null)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
});

describe('a folder whose changes go on without end', () => {
  const folder = (id: string) => ({ id, displayName: id, totalItemCount: 0, unreadItemCount: 0 });
  const links = (path: string, token: string) => `https://graph.microsoft.com/v1.0${path}?${token}`;
  /** Tokens that were requested of the endless folder. */
  let asked: string[];
  /** Returns what the endless folder answers to a token. */
  let answerOf: (token: string) => object;
  const answerWith = (url: string): object | null => {
    const [path = '', query = ''] = decodeURIComponent(url).split('?');
    if (path === '/me/mailFolders/delta')
      return { value: [folder('AAMkA'), folder('AAMkB')], '@odata.deltaLink': links(path, '$deltatoken=t') };
    if (path === '/me/mailFolders/AAMkB/messages/delta')
      return { value: [], '@odata.deltaLink': links(path, '$deltatoken=b') };
    if (path !== '/me/mailFolders/AAMkA/messages/delta') return null;
    const token = /token=(\w+)/.exec(query)?.[1] ?? '';
    asked.push(token);
    const { value = [], next, delta } = answerOf(token) as { value?: object[]; next?: string; delta?: string };
    return next === undefined
      ? { value, '@odata.deltaLink': links(path, `$deltatoken=${delta}`) }
      : { value, '@odata.nextLink': links(path, `$skiptoken=${next}`) };
  };
  async function sweep(since: string | null) {
    const unread: (string | undefined)[] = [];
    const changes: unknown[] = [];
    for (let cursor = since; ; ) {
      const page = await session.changes(cursor, interactive());
      unread.push(...(page.unread ?? []).map(({ mailboxId, error }) => `${mailboxId} ${error.code}`));
      changes.push(...page.changes.filter(({ kind }) => kind !== 'mailbox'));
      cursor = page.cursor;
      if (!page.more) return { cursor, unread, changes };
    }
  }

  it.each([
    ['by other links each time', () => []],
    ['by other links to the same messages', () => [message(1, { createdDateTime: '2020-01-01T00:00:00Z' })]],
  ])('delays no other folder, is reported, and continues from there: %s', async (_, value) => {
    asked = [];
    answer = answerWith;
    answerOf = (token) => ({ value: value(), next: `p${Number(token.slice(1) || 0) + 1}` });
    const first = await sweep(null);
    expect(first.unread).toEqual(['AAMkA PROVIDER_UNAVAILABLE']);
    expect(asked).toHaveLength(21);
    const createdDateTime = new Date(Date.now() + 1_000).toISOString();
    answerOf = () => ({ value: [message(7, { createdDateTime })], delta: 'end' });
    const second = await sweep(first.cursor);
    expect(asked.at(-1)).toBe('p20');
    expect(second).toMatchObject({ unread: [], changes: [{ kind: 'created', messageId: 'AAMk7' }] });
  });

  it('begins again when a link leads to itself', async () => {
    asked = [];
    answer = answerWith;
    answerOf = () => ({ delta: 'd0' });
    const before = await sweep(null);
    answerOf = () => ({ next: 'same' });
    const { cursor, unread } = await sweep(before.cursor);
    expect(unread).toEqual(['AAMkA PROVIDER_UNAVAILABLE']);
    await sweep(cursor);
    expect(asked.filter((token) => token === 'd0')).toHaveLength(2);
  });
});

it('requests further folders by the whole link', async () => {
  const next = '/me/mailFolders/delta?%24select=displayName&$skiptoken=t+1';
  const folder = (n: number) => ({
    id: `AAMkF${n}`,
    displayName: `Folder ${n}`,
    totalItemCount: 0,
    unreadItemCount: 0,
  });
  answer = (url) => {
    if (url === next) return { value: [folder(2)], '@odata.deltaLink': 'x' };
    if (url.startsWith('/me/mailFolders/delta?'))
      return url.includes('skiptoken')
        ? null
        : { value: [folder(1)], '@odata.nextLink': `https://graph.microsoft.com/v1.0${next}` };
    return url.startsWith('/me/outlook/masterCategories') ? { value: [] } : null;
  };
  const names = (await session.listMailboxes(interactive())).map(({ name }) => name);
  expect(names).toEqual(['Folder 1', 'Folder 2']);
});
