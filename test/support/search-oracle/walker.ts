import type { Page } from '../clients/answer.ts';
import { arrival, type Change, stretchOf } from './changes.ts';
import type { Scope } from './oracle.ts';
import { filterOf } from './queries.ts';
import type { Chance } from './random.ts';
import { pickChange, type Row, WALK_FLAVOURS, Watched } from './walk.ts';
import { deliver, type Kind, type OracleAccount, type OracleWorld } from './world.ts';

/** How the vendors behave during one walk. What is listed twice is drawn twice as often. */
const WAYS = ['usual', 'usual', 'short pages', 'empty pages', 'by receipt', 'forgotten tokens', 'late index'] as const;
type Way = (typeof WAYS)[number];
const ROLES = ['INBOX', 'TRASH', 'ARCHIVE', 'STARRED'] as const;
const SIZES = [1, 2, 3, 5, 7, 20, 50];
const MAX_PAGES = 400;
const MAX_MAILS = 40;

/** Gmail's error for a page token that it no longer accepts. */
const INVALID_TOKEN = JSON.stringify({
  error: {
    code: 400,
    message: 'Invalid pageToken',
    errors: [{ message: 'Invalid pageToken', domain: 'global', reason: 'invalidArgument' }],
    status: 'INVALID_ARGUMENT',
  },
});

interface Plan {
  readonly way: Way;
  readonly kind: Kind;
  readonly flavour: string;
  readonly accounts: readonly OracleAccount[];
  /** Null lists all of these accounts. */
  readonly role: (typeof ROLES)[number] | null;
  readonly sizeOf: () => number;
}

/** Reads a list from the top to the end while its mail changes between the pages. Returns what is wrong, or null. */
export async function walk(world: OracleWorld, chance: Chance, index: number): Promise<string | null> {
  const plan = planOf(world, chance);
  const { way, kind, flavour, accounts, role } = plan;
  const name = `${accounts.map(({ manner }) => manner.provider)} ${kind} in ${role ?? 'all'} by ${flavour}, ${way}`;
  try {
    const watched = await begin(world, chance, plan, index);
    await play(world, chance, way);
    const fault = await read(world, chance, plan, watched);
    return fault && `${name}: ${fault}`;
  } catch (error) {
    return `${name}: ${String(error).slice(0, 600)}`;
  } finally {
    await world.app.control('/faults', undefined, 'DELETE');
    for (const vendor of ['google', 'microsoft']) await world.app.control('/faults', { vendor, webhook: 'lose' });
    await world.app.control('/search-index', { vendor: 'microsoft', order: 'sent' });
    await lag(world, accounts, 0);
    for (const account of accounts) await empty(world, account);
  }
}

function planOf({ gmail, outlook }: OracleWorld, chance: Chance): Plan {
  const one = chance.one([chance.one(gmail), outlook]);
  const isMerged = chance.is(0.25);
  const roles = ROLES.filter((role) => one.mailboxes.has(role));
  const size = chance.one(SIZES);
  const isUneven = chance.is(0.2);
  return {
    way: chance.one(WAYS),
    kind: chance.one(['messages', 'threads']),
    flavour: chance.one(Object.keys(WALK_FLAVOURS)),
    accounts: isMerged ? [...new Set([chance.one(gmail), chance.one(gmail), outlook])] : [one],
    role: !isMerged && chance.is(0.3) ? chance.one(roles) : null,
    sizeOf: () => (isUneven ? 1 + chance.below(6) : size),
  };
}

async function begin(world: OracleWorld, chance: Chance, plan: Plan, index: number): Promise<Watched[]> {
  const { way, accounts, kind, flavour, role } = plan;
  const marker = `zebra${index}q${chance.below(1e6)}`;
  const count = chance.one([8, 14, 24]);
  const scope: Scope = role === null ? 'account' : { role };
  const watched: Watched[] = [];
  for (const account of accounts) {
    await empty(world, account);
    const stretch = stretchOf(chance, index % 60, count, marker);
    const mails = stretch.mails.map((mail) => (chance.is(0.15) ? { ...mail, place: 'trash' as const } : mail));
    const where = WALK_FLAVOURS[flavour]?.(stretch) ?? { all: [] };
    // Only the index finds words, so it must not lag where the condition has words.
    const isLate = way === 'late index' && !JSON.stringify(where).includes('"text"');
    const lateFrom = isLate ? chance.below(count) : count;
    for (const [n, mail] of mails.entries()) {
      if (n === lateFrom) await lag(world, [account], 86_400);
      await deliver(world.app, account.vendor, account.address, mail);
    }
    watched.push(new Watched(account, { ...stretch, mails }, { kind, scope, where }));
  }
  return watched;
}

/**
 * Sets the lag for Gmail only: the Outlook adapter reads only mail of the last hour without the index, and this mail is
 * older.
 */
async function lag({ app }: OracleWorld, accounts: readonly OracleAccount[], seconds: number): Promise<void> {
  for (const { vendor, address: account } of accounts)
    if (vendor === 'google') await app.control('/search-lag', { vendor, account, seconds });
}

async function play({ app }: OracleWorld, chance: Chance, way: Way): Promise<void> {
  const graph = (fault: object) => app.control('/faults', { vendor: 'microsoft', ...fault });
  if (way === 'by receipt') await app.control('/search-index', { vendor: 'microsoft', order: 'received' });
  if (way === 'empty pages') await graph({ emptyPage: true, share: 0.4 });
  if (way !== 'short pages') return;
  for (const operation of ['GET /me/messages', 'GET /me/mailFolders/{id}/messages'])
    await graph({ operation, pageSize: 1 + chance.below(4) });
}

async function read(
  world: OracleWorld,
  chance: Chance,
  plan: Plan,
  watched: readonly Watched[],
): Promise<string | null> {
  const shown = new Map<string, Row[]>(watched.map(({ account }) => [account.id, []]));
  const where = watched[0]?.query.where ?? { all: [] };
  const filter = plan.flavour === 'plain' ? null : filterOf(where, () => '');
  const all: Row[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const fault = { vendor: 'google', operation: 'messages.list', status: 400, body: INVALID_TOKEN, times: 1 };
    const isForgotten = plan.way === 'forgotten tokens' && after !== null && chance.is(0.4);
    const set = isForgotten ? await world.app.control<{ id: number }>('/faults', fault) : null;
    const full = await pageOf(world, plan, { first: plan.sizeOf(), after, filter });
    const page = chance.is(0.2) ? upTo(full, chance) : full;
    if (set === null && full.edges.length > 0 && chance.is(0.2)) {
      const again = await pageOf(world, plan, { first: full.edges.length, after, filter });
      if (namesOf(again) !== namesOf(full)) return `one cursor gave ${namesOf(full)}, then ${namesOf(again)}`;
    }
    if (set !== null) await world.app.control(`/faults/${set.id}`, undefined, 'DELETE').catch(() => {});
    const bad = page.sources.find(({ state }) => state !== 'COMPLETE');
    if (bad && !isForgotten) return `${bad.state}: ${bad.problem?.message}`;
    for (const { node: one } of page.edges) {
      const list = watched.find(({ account }) => account.id === one.integration.id);
      const id = nameOf(one);
      const at = Date.parse(one.receivedAt ?? one.lastMessageAt ?? '');
      const row = { key: list?.keyOf(bare(id)) ?? id, at };
      shown.get(one.integration.id)?.push(row);
      all.push({ ...row, key: `${one.integration.id} ${row.key}` });
    }
    for (const one of watched) one.history.push(`page ${pages}: ${page.edges.length} shown`);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    if (after === null) return faultIn(watched, shown, plan.way === 'forgotten tokens' ? [] : all);
    if (plan.way === 'late index' && chance.is(0.2)) await lag(world, plan.accounts, 0);
    for (const one of watched)
      for (let changes = chance.below(3); changes > 0; changes--)
        await change(world, chance, one, new Set(shown.get(one.account.id)?.map(({ key }) => key)));
  }
  return `does not end after ${MAX_PAGES} pages`;
}

/** Returns the faults of what was shown, or null. `all` has the rows of all accounts in the order of the list. */
function faultIn(watched: readonly Watched[], shown: ReadonlyMap<string, Row[]>, all: readonly Row[]): string | null {
  const faults = watched.flatMap((one) => one.fault(shown.get(one.account.id) ?? []) ?? []);
  const positions = new Map<string, number>();
  for (const { account, first, touched } of watched)
    for (const { key, at } of first) if (!touched.has(key)) positions.set(`${account.id} ${key}`, at);
  const still = all.flatMap(({ key }) => positions.get(key) ?? []);
  const late = still.findIndex((at, n) => n > 0 && at > (still[n - 1] ?? 0));
  if (faults.length === 0 && late > 0)
    faults.push(
      `${still[late]} of one account behind ${still[late - 1]} of another`,
      ...watched.map((one) => one.story(shown.get(one.account.id) ?? [])),
    );
  return faults.join('\n') || null;
}

/** A message or a thread of a page. */
interface ListNode {
  readonly internetMessageId?: string;
  readonly receivedAt?: string;
  readonly lastMessageAt?: string;
  readonly integration: { readonly id: string };
  readonly messages?: { readonly nodes: { readonly internetMessageId: string }[] };
}
interface ListPage extends Omit<Page<ListNode>, 'nodes'> {
  readonly edges: { readonly cursor: string; readonly node: ListNode }[];
}
const nameOf = (one: ListNode): string => one.internetMessageId ?? one.messages?.nodes[0]?.internetMessageId ?? '';
const namesOf = ({ edges }: ListPage): string => edges.map(({ node }) => nameOf(node)).join();

/** Returns only the first edges of a page, as a client that continues from the cursor of an edge would use them. */
function upTo(page: ListPage, chance: Chance): ListPage {
  if (page.edges.length < 2) return page;
  const edges = page.edges.slice(0, 1 + chance.below(page.edges.length - 1));
  return { ...page, edges, pageInfo: { hasNextPage: true, endCursor: edges.at(-1)?.cursor ?? '' } };
}

const FIELDS = {
  messages: 'internetMessageId receivedAt integration { id }',
  threads: 'lastMessageAt integration { id } messages(first: 1) { nodes { internetMessageId } }',
};

async function pageOf(
  world: OracleWorld,
  { kind, accounts, role }: Plan,
  given: Record<string, unknown>,
): Promise<ListPage> {
  const [one] = accounts;
  const id = role === null ? one?.id : one?.mailboxes.get(role);
  const isMerged = accounts.length > 1;
  const passed = `first: $first, after: $after, filter: $filter${isMerged ? ', integrations: $ids' : ''}`;
  const list = `${kind}(${passed}) { edges { cursor node { ${FIELDS[kind]} } } pageInfo { hasNextPage endCursor } sources { state problem { message } } }`;
  const inside = isMerged
    ? `viewer { ${list} }`
    : `node(id: $id) { ... on ${role === null ? 'Integration' : 'Mailbox'} { ${list} } }`;
  const declared = `${isMerged ? '$ids: [ID!]' : '$id: ID!'}, $first: Int!, $after: Cursor, $filter: MessageFilter`;
  const whose = isMerged ? { ids: accounts.map((account) => account.id) } : { id };
  const { viewer, node } = await world.app.data<Record<string, Record<string, ListPage>>>(
    `query (${declared}) { ${inside} }`,
    { ...whose, ...given },
    world.token,
  );
  return (viewer ?? node)?.[kind] as ListPage;
}

/** Makes a random change, half of the time to mail that was shown. */
async function change(world: OracleWorld, chance: Chance, list: Watched, shown: ReadonlySet<string>): Promise<void> {
  const what = pickChange(chance);
  if (what === 'arrive') {
    if (list.mails.length > MAX_MAILS) return;
    const mail = arrival(chance, { ...list.stretch, mails: list.mails });
    await deliver(world.app, list.account.vendor, list.account.address, mail);
    return list.arrive(mail);
  }
  const pool = chance.is(0.5) ? list.mails.filter(({ messageId }) => shown.has(list.keyOf(messageId))) : list.mails;
  const mail = pool.length > 0 ? chance.one(pool) : null;
  if (mail !== null && list.apply(mail, what)) await touch(world, list.account, mail.messageId, what);
}

interface Dumped {
  readonly id: string;
  readonly internetMessageId: string | null;
}
const bare = (id: string | null): string => (id ?? '').replace(/[<>]/g, '');
const dump = ({ app }: OracleWorld, { vendor, address }: OracleAccount) =>
  app.control<Dumped[]>(`/dump?vendor=${vendor}&account=${address}`);

/** Looks up the id first, because a message may have another id after a move. */
async function touch(world: OracleWorld, account: OracleAccount, messageId: string, what: Change): Promise<void> {
  const found = (await dump(world, account)).find((one) => bare(one.internetMessageId) === messageId);
  await world.app.control('/touch', { vendor: account.vendor, account: account.address, id: found?.id, change: what });
}

async function empty(world: OracleWorld, account: OracleAccount): Promise<void> {
  for (const { id } of await dump(world, account))
    await world.app.control('/touch', { vendor: account.vendor, account: account.address, id, change: 'delete' });
}
