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

/**
 * Some of the newest mail of these lists is not in any index yet. It is found nevertheless, except by words of bodies
 * and files.
 */
const ROUNDS = Number(process.env.ORACLE_ROUNDS ?? 6);
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

/** Gives the newest mail times within the last hour, some of them within one second. */
function recentlyReceived(drawn: readonly OracleMail[]): OracleMail[] {
  const first = Math.floor(Date.now() / 1000) * 1000 - 3_000_000;
  return drawn.map((mail, index) => {
    const recent = index - (drawn.length - RECENT);
    return recent < 0 ? mail : { ...mail, receivedAt: first + Math.floor(recent / 1.3) * 60_000 + recent };
  });
}

/** Returns about half of these mails, and every mail that answers one of them. */
function laggingOf(recent: readonly OracleMail[]): OracleMail[] {
  const chosen: OracleMail[] = [];
  for (const mail of recent)
    if (chance.is(0.45) || chosen.some(({ messageId }) => mail.references.includes(messageId))) chosen.push(mail);
  return chosen;
}

let turn = 0;
const accounts = (): OracleAccount[] => [world.gmail[turn++ % world.gmail.length] as OracleAccount, world.outlook];

/** Returns the condition that finds the same without the index: what only the index has matches nothing. */
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
    const reason = faultOf(mails, expected(account, question), found, question.kind);
    return reason && `${size} a page: ${reason}`;
  } catch (error) {
    return String(error).slice(0, 300);
  }
}

async function check(question: Question & { where: Where }, faults: string[]): Promise<void> {
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
    await check({ kind, where: draw() }, faults);
  }
  report(faults);
});

it('lists the newest mail by single conditions and their negations', async () => {
  const recent = mails.slice(-RECENT);
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const where = randomLeaf(chance, recent);
    const kind = chance.one(['messages', 'threads'] as const);
    await check({ kind, where: { all: [{ role: 'ALL' }, where] } }, faults);
    await check({ kind, where: { all: [{ role: 'ALL' }, { not: where }] } }, faults);
  }
  report(faults);
});
