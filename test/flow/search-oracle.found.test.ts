import { afterAll, beforeAll, it } from 'vitest';
import { EVERYDAY } from '../support/search-oracle/everyday.ts';
import { expectedRows, faultOf } from '../support/search-oracle/judge.ts';
import type { Where } from '../support/search-oracle/oracle.ts';
import { deliver, type OracleWorld, openWorld, readList } from '../support/search-oracle/world.ts';

/** Conditions about trash and junk for which random tests once found a wrong answer, and similar ones. */
let world: OracleWorld;
beforeAll(async () => {
  world = await openWorld(EVERYDAY);
});
afterAll(() => world?.close());

const FOUND: readonly Where[] = [
  { not: { all: [{ role: 'ALL' }, { text: 'ラーメン' }] } },
  { not: { all: [{ role: 'ALL' }, { subject: 'plan' }] } },
  { not: { all: [{ role: 'ALL' }, { isRead: true }] } },
  { any: [{ not: { role: 'ALL' } }, { text: 'plan' }] },
  { any: [{ not: { role: 'ALL' } }, { not: { text: 'plan' } }] },
  { any: [{ role: 'ALL' }, { role: 'TRASH' }, { role: 'JUNK' }] },
  { not: { all: [{ not: { role: 'TRASH' } }, { text: 'plan' }] } },
  { all: [{ any: [{ role: 'TRASH' }, { text: 'invoice' }] }, { not: { text: 'october' } }] },
  { any: [{ box: 'Receipts' }, { all: [{ role: 'JUNK' }, { text: 'invoice' }] }] },
];

it.each(FOUND.map((where) => [JSON.stringify(where), where] as const))('%s', async (_, where) => {
  const faults: string[] = [];
  for (const account of [...world.gmail, world.outlook])
    for (const kind of ['messages', 'threads'] as const) {
      const found = await readList(world, account, { kind, where }, () => 7);
      const fault = faultOf(EVERYDAY, expectedRows(EVERYDAY, account, { kind, where }), found, kind);
      if (fault !== null) faults.push(`${account.manner.provider} ${kind}: ${fault}`);
    }
  if (faults.length > 0) throw new Error(faults.join('\n'));
});

it.each(['messages', 'threads'] as const)('lists no %s of mail that arrives after the first page', async (kind) => {
  const faults: string[] = [];
  const where: Where = { subject: 'midnight' };
  for (const account of [...world.gmail, world.outlook]) {
    // Mail for the threads arrives later than that for the messages, whose case runs first.
    let arrivals = kind === 'threads' ? 30 : 0;
    const [newest] = EVERYDAY.toReversed();
    if (!newest) throw new Error('there is no mail');
    const arrive = async () => {
      arrivals += 1;
      const messageId = `arrived.${kind}.${arrivals}@mail.example`;
      const subject = `Midnight again ${kind} ${arrivals}`;
      // The conditions of the next case must not match this subject.
      const mail = {
        ...newest,
        messageId,
        thread: messageId,
        subject,
        receivedAt: newest.receivedAt + arrivals * 60_000,
      };
      await deliver(world.app, account.vendor, account.address, mail);
    };
    const expected = expectedRows(EVERYDAY, account, { kind, where: { all: [where, { not: { subject: 'again' } }] } });
    const asked = { kind, where: { all: [where, { before: newest.receivedAt + 3_600_000 }] } };
    const found = await readList(world, account, asked, () => 1, arrive);
    const own = {
      ...found,
      rows: found.rows.filter(({ key }) => !/^arrived\.messages/.test(key) || kind === 'messages'),
    };
    const fault = faultOf(EVERYDAY, expected, own, kind);
    if (fault !== null) faults.push(`${account.manner.provider} ${kind}: ${fault}`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
});
