import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVERYDAY } from '../support/search-oracle/everyday.ts';
import { expectedRows, faultOf } from '../support/search-oracle/judge.ts';
import type { Where } from '../support/search-oracle/oracle.ts';
import { readSearch } from '../support/search-oracle/syntax.ts';
import { REFUSED, TYPED } from '../support/search-oracle/typed.ts';
import {
  type OracleAccount,
  type OracleWorld,
  openWorld,
  type Question,
  readList,
} from '../support/search-oracle/world.ts';

/**
 * Searches that people type, in a dozen languages. Each finds what the definition says, and the same at Gmail and at
 * Outlook.
 */
let world: OracleWorld;
beforeAll(async () => {
  world = await openWorld(EVERYDAY, 2);
});
afterAll(() => world?.close());

let turn = 0;
const accounts = (): OracleAccount[] => [world.gmail[turn++ % world.gmail.length] as OracleAccount, world.outlook];
/** The names of mailboxes are compared without case. */
const BOXES = ['Projects', 'Receipts', 'Code'];

const parse = (typed: string): { search: string; timeZone: string | null } => {
  const [, search = typed, timeZone = null] = /^(.*) @(\S+\/\S+)$/.exec(typed) ?? [];
  return { search, timeZone };
};

function meant(typed: string): Where {
  const { search, timeZone } = parse(typed);
  return boxed(readSearch(search, timeZone ?? 'UTC'));
}

function boxed(where: Where): Where {
  if ('all' in where) return { all: where.all.map(boxed) };
  if ('any' in where) return { any: where.any.map(boxed) };
  if ('not' in where) return { not: boxed(where.not) };
  if (!('box' in where)) return where;
  return { box: BOXES.find((name) => name.toLowerCase() === where.box.toLowerCase()) ?? where.box };
}

const question = (kind: Question['kind'], typed: string): Question => {
  const { search, timeZone } = parse(typed);
  return { kind, search, ...(timeZone === null ? {} : { timeZone }) };
};

describe.each(Object.entries(TYPED))('%s', (_, all) => {
  it.each(all)('%s', async (typed) => {
    const faults: string[] = [];
    for (const account of accounts())
      for (const kind of turn % 4 === 0 ? (['messages', 'threads'] as const) : (['messages'] as const)) {
        const expected = expectedRows(EVERYDAY, account, { kind, where: meant(typed) });
        const found = await readList(world, account, question(kind, typed), () => 20);
        const fault = faultOf(EVERYDAY, expected, found, kind);
        if (fault !== null) faults.push(`${account.manner.provider} ${kind}: ${fault}`);
      }
    if (faults.length > 0) throw new Error(`${typed}\n${faults.join('\n')}`);
  });
});

describe('refused', () => {
  it.each(REFUSED)('%s', async (typed) => {
    const { search, timeZone } = parse(typed);
    const zone = timeZone === null ? '' : ', timeZone: $timeZone';
    const answer = await world.app.query(
      `query ($search: String${timeZone === null ? '' : ', $timeZone: String'}) { viewer { messages(search: $search${zone}) { nodes { id } } } }`,
      { search, ...(timeZone === null ? {} : { timeZone }) },
      world.token,
    );
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });
});
