import { graphql } from '../../generated/gql.ts';
import { type AppOptions, startApp, type TestApp } from '../app/app.ts';
import type { Page as PageAnswer } from '../clients/answer.ts';
import { MANNERS, type Manner, type OracleMail, type Scope, type Where } from './oracle.ts';
import { filterOf } from './queries.ts';
import { rawOf } from './raw.ts';

/** An account with the mail at one vendor. */
export interface OracleAccount {
  readonly manner: Manner;
  readonly vendor: string;
  readonly address: string;
  /** The integration's global id. */
  readonly id: string;
  /** The ids of the mailboxes: the user's own by name, the others by role. */
  readonly mailboxes: ReadonlyMap<string, string>;
  /** The vendor's id of each mail, by Message-ID. */
  readonly ids: ReadonlyMap<string, string>;
}

/** The real gateway, with the same mail at Gmail and at Outlook. */
export interface OracleWorld {
  readonly app: TestApp;
  readonly token: string;
  readonly gmail: readonly OracleAccount[];
  readonly outlook: OracleAccount;
  close(): Promise<void>;
}

const VENDORS = { GMAIL: ['google', 'gmail.example'], OUTLOOK: ['microsoft', 'outlook.example'] } as const;

/**
 * Opens the gateway with this mail. `gmails` is the number of equal Gmail accounts. They are queried in turn, because
 * Gmail's quota is per minute and account.
 */
export async function openWorld(
  mails: readonly OracleMail[],
  gmails = 1,
  options: AppOptions = {},
): Promise<OracleWorld> {
  const app = await startApp({ demo: false, unannounced: true, messages: 0, batchWidth: 50, ...options });
  const { token } = await app.user('oracle');
  const open = async (provider: Manner['provider'], name: string): Promise<OracleAccount> => {
    const [vendor, domain] = VENDORS[provider];
    const address = `${name}@${domain}`;
    await app.control('/accounts', { vendor, address, name });
    if (provider === 'GMAIL') await app.control('/threading', { vendor, account: address, subjects: 'apart' });
    const ids = new Map<string, string>();
    for (const mail of mails) ids.set(mail.messageId, await deliver(app, vendor, address, mail));
    const id = await app.connect(token, provider, address);
    const { node } = await app.data(
      graphql(`query ($id: ID!) { node(id: $id) { ... on Integration { mailboxes { nodes { id name role } } } } }`),
      { id },
      token,
    );
    const mailboxes = new Map<string, string>(node.mailboxes.nodes.map((box) => [box.role ?? box.name, box.id]));
    return { manner: MANNERS[provider], vendor, address, id, mailboxes, ids };
  };
  const gmail: OracleAccount[] = [];
  for (let n = 0; n < gmails; n += 1) gmail.push(await open('GMAIL', `oracle${n}`));
  const outlook = await open('OUTLOOK', 'oracle');
  return { app, token, gmail, outlook, close: () => app.close() };
}

export async function deliver(app: TestApp, vendor: string, account: string, mail: OracleMail): Promise<string> {
  const { receivedAt, place, labels, isRead, isStarred, isImportant } = mail;
  const { id } = await app.control<{ id: string }>('/deliver', {
    vendor,
    account,
    rawBase64: rawOf(mail).toString('base64'),
    receivedAt: new Date(receivedAt).toISOString(),
    mailbox: place,
    labels,
    isRead,
    isStarred,
    isImportant,
  });
  return id;
}

export type Kind = 'messages' | 'threads';

/** One list to read from one account. */
export interface Question {
  readonly kind: Kind;
  readonly scope?: Scope;
  readonly where?: Where;
  readonly search?: string;
  readonly timeZone?: string;
}
export interface Row {
  /** The Message-ID of a message, or of the oldest message of a thread. */
  readonly key: string;
  /** receivedAt, or lastMessageAt. */
  readonly at: number;
}
export interface Found {
  readonly rows: readonly Row[];
  /** The evaluation that each page reports. */
  readonly evaluations: readonly (string | null)[];
}
interface Page extends Found {
  /** Null after the last page. */
  readonly after: string | null;
}

const FIELDS = {
  messages: 'internetMessageId receivedAt',
  threads: 'lastMessageAt messages(first: 1) { nodes { internetMessageId } }',
};
interface ListNode {
  readonly internetMessageId: string;
  readonly receivedAt: string;
  readonly lastMessageAt: string;
  readonly messages: { readonly nodes: { readonly internetMessageId: string }[] };
}
const ARGS = '$id: ID!, $first: Int!, $after: Cursor, $filter: MessageFilter, $search: String';
const PASSED = 'first: $first, after: $after, filter: $filter, search: $search';

/** Reads one page. Throws the errors of the API. */
async function readPage(
  world: OracleWorld,
  account: OracleAccount,
  question: Question,
  first: number,
  after: string | null,
): Promise<Page> {
  const { kind, scope = 'account', where, search = null, timeZone = null } = question;
  const rows = `nodes { ${FIELDS[kind]} } pageInfo { hasNextPage endCursor } sources { evaluation state problem { message } }`;
  const isZoned = timeZone !== null;
  const list = `${kind}(${PASSED}${isZoned ? ', timeZone: $timeZone' : ''}) { ${rows} }`;
  const isAccount = scope === 'account';
  const document = `query (${ARGS}${isZoned ? ', $timeZone: String' : ''}) { node(id: $id) { ... on ${isAccount ? 'Integration' : 'Mailbox'} { ${list} } } }`;
  const id = isAccount ? account.id : mailboxId(account, 'role' in scope ? scope.role : scope.box);
  const filter = where === undefined ? null : filterOf(where, (box) => mailboxId(account, box));
  const { node } = await world.app.data<{ node: Record<string, PageAnswer<ListNode>> }>(
    document,
    { id, first, after, filter, search, timeZone },
    world.token,
  );
  const { nodes, pageInfo, sources } = node[kind] as PageAnswer<ListNode>;
  for (const { state, problem } of sources)
    if (state !== 'COMPLETE') throw new Error(`${account.manner.provider} is ${state}: ${problem?.message}`);
  return {
    rows: nodes.map((one) =>
      kind === 'messages'
        ? { key: one.internetMessageId, at: Date.parse(one.receivedAt) }
        : { key: one.messages.nodes[0]?.internetMessageId ?? '', at: Date.parse(one.lastMessageAt) },
    ),
    evaluations: sources.map(({ evaluation }) => evaluation),
    after: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  };
}

const MAX_PAGES = 500;

/** Reads the list to its end. `sizeOf` returns the size of each page. */
export async function readList(
  world: OracleWorld,
  account: OracleAccount,
  question: Question,
  sizeOf: () => number,
  between: (rows: readonly Row[], page: number) => Promise<void> = async () => {},
): Promise<Found> {
  const rows: Row[] = [];
  const evaluations: (string | null)[] = [];
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const read = await readPage(world, account, question, sizeOf(), after);
    rows.push(...read.rows);
    evaluations.push(...read.evaluations);
    after = read.after;
    if (after === null) return { rows, evaluations };
    await between(read.rows, page);
  }
  throw new Error(`the list does not end after ${MAX_PAGES} pages`);
}

function mailboxId({ mailboxes, manner }: OracleAccount, name: string): string {
  const id = mailboxes.get(name);
  if (id === undefined) throw new Error(`${manner.provider} has no mailbox ${name}, but ${[...mailboxes.keys()]}`);
  return id;
}
