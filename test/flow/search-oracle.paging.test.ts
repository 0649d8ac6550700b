import { afterAll, beforeAll, it } from 'vitest';
import { arrival, CHANGES, type Change, FLAVOURS, type Stretch, stretchOf } from '../support/search-oracle/changes.ts';
import { expectedRows, faultOf } from '../support/search-oracle/judge.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';
import { walk } from '../support/search-oracle/walker.ts';
import {
  deliver,
  type Found,
  type Kind,
  type OracleAccount,
  type OracleWorld,
  openWorld,
  type Row,
  readList,
} from '../support/search-oracle/world.ts';

/**
 * Lists that change while they are read: mail is archived, trashed, brought back, deleted, read or starred, and new
 * mail arrives. Over all pages, everything that stays in the list the whole time comes once and in order.
 */
const ROUNDS = Number(process.env.ORACLE_ROUNDS ?? 16);
const WALKS = Number(process.env.ORACLE_ROUNDS ?? 5);
const COUNT = 14;
const seed = seedOf();
console.info(`search-oracle.paging SEED=${seed}`);
const chance = new Chance(seed);
let world: OracleWorld;
beforeAll(async () => {
  world = await openWorld([], 1 + Math.ceil(ROUNDS / 60));
});
afterAll(() => world?.close());

interface Round {
  readonly account: OracleAccount;
  readonly kind: Kind;
  readonly flavour: string;
  readonly change: Change;
  readonly size: number;
}

let stretches = 0;
async function faultIn({ account, kind, flavour, change, size }: Round): Promise<string | null> {
  const stretch = stretchOf(chance, stretches++, COUNT);
  const ids = new Map<string, string>();
  const put = async (mail: Stretch['mails'][number]) => {
    ids.set(mail.messageId, await deliver(world.app, account.vendor, account.address, mail));
  };
  for (const mail of stretch.mails) await put(mail);
  const where = FLAVOURS[flavour]?.(stretch) ?? { all: [] };
  const expected = expectedRows(stretch.mails, account, { kind, where });
  const touched: string[] = [];
  const touch = async ({ key }: Row) => {
    const own = kind === 'messages' ? [key] : newestFirst(stretch, key);
    const [messageId] = own.filter((id) => !touched.includes(id));
    if (messageId === undefined || chance.is(0.3)) return;
    touched.push(messageId);
    await world.app.control('/touch', {
      vendor: account.vendor,
      account: account.address,
      id: ids.get(messageId),
      change,
    });
  };
  try {
    const found = await readList(
      world,
      account,
      { kind, where },
      () => size,
      async (rows, page) => {
        if (change !== 'arrive') for (const row of rows) await touch(row);
        else if (page < 4) await put(arrival(chance, stretch));
      },
    );
    // A thread that has a new message shows its time, but keeps its position.
    return faultOf(
      stretch.mails,
      expected,
      change === 'arrive' ? withFirstTimes(found, stretch, expected) : found,
      kind,
    );
  } catch (error) {
    return String(error).slice(0, 300);
  }
}

/** Gives each thread the time at which it was listed when the list began. */
function withFirstTimes(found: Found, { mails }: Stretch, expected: readonly Row[]): Found {
  const nameOf = new Map(mails.map(({ messageId, thread }) => [messageId, thread]));
  const atOf = new Map(expected.map(({ key, at }) => [key, at]));
  const rows = found.rows.map(({ key, at }) => ({ key, at: atOf.get(key) ?? atOf.get(nameOf.get(key) ?? key) ?? at }));
  return { ...found, rows };
}

function newestFirst({ mails }: Stretch, key: string): string[] {
  const thread = mails.find(({ messageId }) => messageId === key)?.thread;
  const own = mails.filter((mail) => mail.thread === thread);
  return own.toSorted((a, b) => b.receivedAt - a.receivedAt).map(({ messageId }) => messageId);
}

it('shows nothing twice and skips nothing that stayed, whatever happens to any mail meanwhile', async () => {
  const faults: string[] = [];
  for (let index = 0; index < WALKS; index += 1) {
    const fault = await walk(world, new Chance(seed + index), index);
    if (fault !== null) faults.push(`walk ${index}: ${fault}`);
  }
  if (faults.length > 0) throw new Error(`SEED=${seed}, ${faults.length} faults\n${faults.join('\n\n')}`);
});

it('lists what stayed once and in order, whatever happens to the mail that was shown', async () => {
  const rounds = [...world.gmail.slice(0, 1), world.outlook].flatMap((account) =>
    (['messages', 'threads'] as const).flatMap((kind) =>
      Object.keys(FLAVOURS).flatMap((flavour) => CHANGES.map((change) => ({ account, kind, flavour, change }))),
    ),
  );
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const chosen = chance.one(rounds);
    const isGmail = chosen.account !== world.outlook;
    const account = isGmail ? (world.gmail[round % world.gmail.length] as OracleAccount) : chosen.account;
    const size = chance.one([1, 2, 3, 7]);
    const fault = await faultIn({ ...chosen, account, size });
    const { kind, flavour, change } = chosen;
    if (fault !== null)
      faults.push(`${account.manner.provider} ${kind} by ${flavour}, ${size} a page, ${change}: ${fault}`);
  }
  if (faults.length > 0) throw new Error(`SEED=${seed}, ${faults.length} faults\n${faults.join('\n\n')}`);
});
