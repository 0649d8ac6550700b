import { afterAll, beforeAll, it } from 'vitest';
import { expectedRows, faultOf, smallest } from '../support/search-oracle/judge.ts';
import { randomMail } from '../support/search-oracle/mail.ts';
import type { Where } from '../support/search-oracle/oracle.ts';
import { randomUnion, randomWhere, searchOf } from '../support/search-oracle/queries.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';
import {
  type OracleAccount,
  type OracleWorld,
  openWorld,
  type Question,
  readList,
} from '../support/search-oracle/world.ts';

/**
 * Random searches at the real gateway, compared with a plain scan over the delivered mail that uses no code of src/.
 */
const ROUNDS = Number(process.env.ORACLE_ROUNDS ?? 8);
const seed = seedOf();
console.info(`search-oracle.random SEED=${seed}`);
const chance = new Chance(seed);
const mails = randomMail(chance, 80);
let world: OracleWorld;
beforeAll(async () => {
  world = await openWorld(mails, 1 + Math.ceil(ROUNDS / 5));
});
afterAll(() => world?.close());

let turn = 0;
const accounts = (): OracleAccount[] => [world.gmail[turn++ % world.gmail.length] as OracleAccount, world.outlook];

async function ask(account: OracleAccount, question: Question): Promise<string | null> {
  const least = chance.one([2, 5, 20, 50]);
  const expected = expectedRows(mails, account, question);
  const sized = { ...question };
  try {
    const found = await readList(world, account, sized, () => least + chance.below(least));
    return faultOf(mails, expected, found, question.kind);
  } catch (error) {
    return String(error).slice(0, 300);
  }
}

/** Adds every failure, each with a smaller condition that also fails, so that one run shows several. */
async function check(question: Question & { where: Where }, asSearch: boolean, faults: string[]): Promise<void> {
  const questionOf = (where: Where): Question => {
    const search = asSearch ? searchOf(where) : null;
    return search === null ? { ...question, where } : { ...question, where, search };
  };
  for (const account of accounts()) {
    const fault = await askAs(account, questionOf(question.where));
    if (fault === null) continue;
    const where = await smallest(question.where, async (less) => (await askAs(account, questionOf(less))) !== null);
    const why = (await askAs(account, questionOf(where))) ?? fault;
    const { kind, scope = 'account' } = question;
    const said = asSearch ? JSON.stringify(searchOf(where)) : JSON.stringify(where);
    faults.push(`${account.manner.provider} ${kind} in ${JSON.stringify(scope)} of ${said}: ${why}`);
  }
}

/** Sends a search instead of the filter with the same meaning, where there is one. */
const askAs = (account: OracleAccount, question: Question): Promise<string | null> =>
  question.search === undefined ? ask(account, question) : askSearch(account, question);

async function askSearch(account: OracleAccount, { where, ...question }: Question): Promise<string | null> {
  const expected = expectedRows(mails, account, { ...question, ...(where && { where }) });
  try {
    const found = await readList(world, account, question, () => 30);
    return faultOf(mails, expected, found, question.kind);
  } catch (error) {
    return String(error).slice(0, 300);
  }
}

const report = (faults: readonly string[]): void => {
  if (faults.length > 0) throw new Error(`SEED=${seed}, ${faults.length} faults\n${faults.join('\n\n')}`);
};

it('shows every mail as it was delivered', async () => {
  const faults: string[] = [];
  for (const kind of ['messages', 'threads'] as const)
    for (const account of [...world.gmail, world.outlook])
      for (const where of [{ all: [] }, { role: 'TRASH' }, { role: 'JUNK' }] satisfies Where[]) {
        const fault = await ask(account, { kind, where });
        if (fault !== null) faults.push(`${account.address} ${kind} of ${JSON.stringify(where)}: ${fault}`);
      }
  report(faults);
});

it('lists messages of a random filter as a scan finds them', async () => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    await check({ kind: 'messages', where: randomWhere(chance, mails) }, false, faults);
  report(faults);
});

it('lists threads of a random filter as a scan finds them', async () => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    await check({ kind: 'threads', where: randomWhere(chance, mails) }, false, faults);
  report(faults);
});

it('lists once and in order what matches one of several alternatives', async () => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS / 2; round += 1)
    await check({ kind: chance.one(['messages', 'threads']), where: randomUnion(chance, mails) }, false, faults);
  report(faults);
});

it('reads a random search as the filter that means the same', async () => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const where = randomWhere(chance, mails);
    if (searchOf(where) !== null) await check({ kind: chance.one(['messages', 'threads']), where }, true, faults);
  }
  report(faults);
});

it('lists what is in one mailbox, its trash and junk too', async () => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS / 3; round += 1) {
    const scope = chance.one([{ role: 'INBOX' }, { role: 'TRASH' }, { role: 'JUNK' }, { box: 'Projects' }] as const);
    const where = randomWhere(chance, mails, 2);
    await check({ kind: chance.one(['messages', 'threads']), scope, where }, false, faults);
  }
  report(faults);
});

it('divides the list by every condition and its negation', async () => {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS / 3; round += 1) {
    const beside = randomWhere(chance, mails, 1);
    const x = randomWhere(chance, mails, 2);
    // The list excludes trash and junk, so that neither half can add mail from there.
    const within: Where = { all: [{ role: 'ALL' }, beside] };
    for (const account of accounts()) {
      const keys = async (where: Where) =>
        (await readList(world, account, { kind: 'messages', where }, () => 40)).rows.map(({ key }) => key);
      const [whole, yes, no] = [
        await keys(within),
        await keys({ all: [within, x] }),
        await keys({ all: [within, { not: x }] }),
      ];
      if (JSON.stringify([...yes, ...no].toSorted()) !== JSON.stringify(whole.toSorted()))
        faults.push(
          `${account.manner.provider}: ${JSON.stringify(x)} beside ${JSON.stringify(beside)}: ${yes.length} + ${no.length} of ${whole.length}`,
        );
    }
  }
  report(faults);
});
