import { expect, it } from 'vitest';
import { type ListKind, MESSAGES, THREADS } from '../../src/mail/list/list-kind.ts';
import { ListCursors } from '../../src/mail/list/list-position.ts';
import { UnifiedList } from '../../src/mail/list/unified-list.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import { fakeAccount } from '../support/fakes/fake-account.ts';
import { FakeList, random, randomMail } from '../support/fakes/fake-list.ts';

const SEEDS = Array.from({ length: 5 }, (_, n) => n + 1);
const KEY = { version: 1, bytes: Buffer.alloc(32, 1) };
const CONDITIONS = [null, { kind: 'read', value: true }, { kind: 'text', value: 'plum' }] as const;

/** An instance of the gateway: it has the accounts in the order given, and remembers the pages that it has read. */
function instance(accounts: readonly { id: string; list: FakeList }[]) {
  const lists = new UnifiedList({
    cursors: new ListCursors(new Sealer([KEY])),
    sourceDeadlineMs: 60_000,
    scanBudget: 500,
  });
  const memories = new Map(accounts.map(({ id, list }) => [id, fakeAccount(id, list.session).memory]));
  return async (
    kind: ListKind<unknown>,
    condition: (typeof CONDITIONS)[number],
    first: number,
    after: string | null,
  ) => {
    // Each request opens the accounts again.
    const opened = accounts.map(({ id, list }) => fakeAccount(id, list.session, { memory: memories.get(id) }));
    const page = await lists.page({ userId: 'ada', signal: new AbortController().signal }, kind, {
      accounts: opened,
      condition,
      scope: [],
      first,
      after,
    });
    return {
      ids: page.entries.map(({ item }) => (item as { id: string }).id),
      cursors: page.entries.map(({ cursor }) => cursor()),
      end: page.end(),
      hasNextPage: page.hasNextPage,
    };
  };
}

it.each(SEEDS)('gives each page the same cursors, whatever the instance has read before (seed %i)', async (seed) => {
  const next = random(seed);
  const accounts = ['a', 'b', 'c'].map((id) => ({
    id,
    list: new FakeList(randomMail(next, 10 + Math.floor(next() * 60))),
  }));
  for (const kind of [MESSAGES, THREADS] as ListKind<unknown>[])
    for (const condition of CONDITIONS) {
      const first = 2 + Math.floor(next() * 12);
      const one = instance(accounts);
      let after: string | null = null;
      for (;;) {
        const page = await one(kind, condition, first, after);
        const other = instance([...accounts].reverse());
        // It may have read the beginning of the list in pages of another size.
        if (next() < 0.5) await other(kind, condition, 1 + Math.floor(next() * 20), null);
        expect(await other(kind, condition, first, after)).toEqual(page);
        // A client may go on from any edge.
        const edge = next() < 0.3 ? page.cursors[Math.floor(next() * page.cursors.length)] : undefined;
        if (!page.hasNextPage) break;
        after = edge ?? page.end;
      }
    }
});
