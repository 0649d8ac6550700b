import { afterAll, beforeAll, it } from 'vitest';
import { expectedRows, faultOf, smallest } from '../support/search-oracle/judge.ts';
import { randomMail } from '../support/search-oracle/mail.ts';
import { lastMessageAt, type OracleMail, type Where } from '../support/search-oracle/oracle.ts';
import { randomLeaf, randomUnion, randomWhere } from '../support/search-oracle/queries.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';
import {
  deliver,
  type OracleAccount,
  type OracleWorld,
  openWorld,
  type Question,
  type Row,
  readList,
} from '../support/search-oracle/world.ts';

/** Lists of mail of which some of the newest is in no index yet: it is found all the same, but for words of bodies and files. */
const ROUNDS = Number(process.env.ORACLE_ROUNDS ?? 12);
const RECENT = 26;
const seed = seedOf();
console.info(`search-oracle.lag SEED=${seed}`);
const chance = new Chance(seed);
const mails = recentlyReceived(randomMail(chance, 70));
const lagging = laggingOf(mails.slice(-RECENT));
let world: OracleWorld;
beforeAll(async () => {
  world = await openWorld(
    mails.filter((mail) => !lagging.includes(mail)),
    1 + Math.ceil(ROUNDS / 4),
  );
  for (const { vendor, address: account } of [...world.gmail, world.outlook]) {
    await world.app.control('/search-lag', { vendor, account, seconds: 86_400 });
    for (const mail of lagging) await deliver(world.app, vendor, account, mail);
  }
});
afterAll(() => world?.close());

/** The newest have come within the hour, some of them within one second. */
function recentlyReceived(drawn: readonly OracleMail[]): OracleMail[] {
  const first = Math.floor(Date.now() / 1000) * 1000 - 3_000_000;
  return drawn.map((mail, index) => {
    const recent = index - (drawn.length - RECENT);
    return recent < 0 ? mail : { ...mail, receivedAt: first + Math.floor(recent / 1.3) * 60_000 + recent };
  });
}

/** Of these about the half, and whatever answers one of them. */
function laggingOf(recent: readonly OracleMail[]): OracleMail[] {
  const chosen: OracleMail[] = [];
  for (const mail of recent)
    if (chance.is(0.45) || chosen.some(({ messageId }) => mail.references.includes(messageId))) chosen.push(mail);
  return chosen;
}

let turn = 0;
const accounts = (): OracleAccount[] => [world.gmail[turn++ % world.gmail.length] as OracleAccount, world.outlook];

/** What the index does not have counts as not there. */
function withoutIndex(where: Where, isFileIndexed: boolean): Where {
  const inside = (parts: readonly Where[]) => parts.map((part) => withoutIndex(part, isFileIndexed));
  if ('all' in where) return { all: inside(where.all) };
  if ('any' in where) return { any: inside(where.any) };
  if ('not' in where) return { not: withoutIndex(where.not, isFileIndexed) };
  if ('text' in where) return { any: [] };
  if (!('hasAttachment' in where) || !isFileIndexed) return where;
  return where.hasAttachment ? { any: [] } : { all: [] };
}

function expected(account: OracleAccount, question: Question & { where: Where }): Row[] {
  const { manner } = account;
  const late = { ...question, where: withoutIndex(question.where, manner.provider === 'GMAIL') };
  const rows = [
    ...expectedRows(
      mails.filter((mail) => !lagging.includes(mail)),
      account,
      question,
    ),
    ...expectedRows(lagging, account, late),
  ];
  if (question.kind === 'messages') return rows;
  return [...new Set(rows.map(({ key }) => key))].map((key) => ({ key, at: lastMessageAt(mails, key, manner) }));
}

async function fault(account: OracleAccount, question: Question & { where: Where }): Promise<string | null> {
  const size = chance.one([1, 2, 20]);
  try {
    const found = await readList(world, account, question, () => size);
    const told = faultOf(mails, expected(account, question), found, question.kind);
    return told && `${size} a page: ${told}`;
  } catch (error) {
    return String(error).slice(0, 300);
  }
}

async function hold(question: Question & { where: Where }, faults: string[]): Promise<void> {
  for (const account of accounts()) {
    const first = await fault(account, question);
    if (first === null) continue;
    const where = await smallest(
      question.where,
      async (less) => (await fault(account, { ...question, where: less })) !== null,
    );
    const why = (await fault(account, { ...question, where })) ?? first;
    faults.push(`${account.manner.provider} ${question.kind} of ${JSON.stringify(where)}: ${why}`);
  }
}

function report(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const late = lagging.map(({ messageId }) => messageId).join(' ');
  throw new Error(`SEED=${seed}, ${faults.length} faults, not indexed: ${late}\n${faults.join('\n\n')}`);
}

it.each(['messages', 'threads'] as const)('lists %s of a random filter as a scan finds them', async (kind) => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const draw = () => (chance.is(0.3) ? randomUnion(chance, mails) : randomWhere(chance, mails));
    await hold({ kind, where: draw() }, faults);
  }
  report(faults);
});

it('lists the newest by each single condition and its negation', async () => {
  const recent = mails.slice(-RECENT);
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const where = randomLeaf(chance, recent);
    const kind = chance.one(['messages', 'threads'] as const);
    await hold({ kind, where: { all: [{ role: 'ALL' }, where] } }, faults);
    await hold({ kind, where: { all: [{ role: 'ALL' }, { not: where }] } }, faults);
  }
  report(faults);
});
