import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DatedRead, ReadNotes, type ReadRecorder } from '../../src/domain/dated-read.ts';
import { MailError } from '../../src/domain/error.ts';
import type { UserCondition } from '../../src/domain/search/condition.ts';
import { OperationReads } from '../../src/graphql/reads.ts';
import { PageMemory } from '../../src/mail/account/page-memory.ts';
import { MESSAGES } from '../../src/mail/list/list-kind.ts';
import { ListCursors } from '../../src/mail/list/list-position.ts';
import { UnifiedList } from '../../src/mail/list/unified-list.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aMessage, fakeAccount } from '../support/fakes/fake-account.ts';
import { FakeList } from '../support/fakes/fake-list.ts';

/** What a page of a list notes for the answer that shows it, and for later answers that show it again. */
const unified = new UnifiedList({
  cursors: new ListCursors(new Sealer([{ version: 1, bytes: randomBytes(32) }])),
  sourceDeadlineMs: 60_000,
  scanBudget: 100,
});
let reads: OperationReads;
const recording = () => {
  reads = new OperationReads();
  reads.begin();
  return reads;
};
beforeEach(() => {
  recording();
});
const read = (state: DatedRead['state'], key = 'account') => ({ key, state }) as DatedRead;

interface Asked {
  readonly recorder?: ReadRecorder | null;
  readonly after?: string | null;
  readonly condition?: UserCondition | null;
}

/** An account with ten messages, whose pages are read by requests that share a memory. `note` is called for each list request. */
function aList(note: (recorder: ReadRecorder) => void, first = 4) {
  const list = new FakeList(
    Array.from({ length: 10 }, (_, n) => aMessage(`m${n}`, { receivedAt: new Date(Date.UTC(2026, 10, 20, n)) })),
  );
  const memory = new PageMemory();
  const open = (recorder: ReadRecorder | null): Partial<MailSession> => ({
    ...list.session,
    listMessages: async (query, page, call) => {
      if (recorder) note(recorder);
      return (list.session as MailSession).listMessages(query, page, call);
    },
  });
  const page = ({ recorder = reads, after = null, condition = null }: Asked = {}) => {
    const account = fakeAccount('one', list.session, { memory, ...(recorder && { noted: { recorder, open } }) });
    const reader = { userId: 'ada', signal: new AbortController().signal };
    return unified.page(reader, MESSAGES, { accounts: [account], condition, scope: [], first, after });
  };
  return { list, page, memory };
}

it('dates a page, and shows its rest with the same date without another request', async () => {
  const dated = read('unchanged');
  const { list, page } = aList((recorder) => {
    recorder.note(dated);
    recorder.until(1_000);
  });
  const { entries } = await page();
  expect(reads.dates).toEqual({ reads: [dated], until: 1_000 });
  const asked = list.asked.length;
  await page({ recorder: recording(), after: entries[1]?.cursor() ?? '' });
  // The rest of the page and the next page.
  expect(list.asked.length).toBe(asked + 1);
  expect(reads.dates).toEqual({ reads: [dated], until: 1_000 });
});

it('reads the rest of a page again whose account has changed while it was read', async () => {
  const { list, page, memory } = aList((recorder) => {
    recorder.note(read('unchanged'));
    memory.forget('one');
  });
  const { entries } = await page();
  const asked = list.asked.length;
  await page({ recorder: recording(), after: entries[1]?.cursor() ?? '' });
  expect(list.asked.length).toBe(asked + 2);
});

it.each([
  ['was read for an answer that nobody keeps', null, (_recorder: ReadRecorder) => {}],
  ['was not dated', undefined, (recorder: ReadRecorder) => recorder.undated('an account that is not live')],
] as const)('does not date an answer with the rest of a page that %s', async (_, recorder, note) => {
  let times = 0;
  const { page } = aList((noting) => {
    if (times++ === 0 && recorder === undefined) note(noting);
    else noting.note(read('unchanged'));
  });
  const { entries } = await page(recorder === null ? { recorder } : {});
  await page({ recorder: recording(), after: entries[1]?.cursor() ?? '' });
  expect([reads.dates, reads.undatedBy]).toEqual([
    null,
    recorder === null ? 'a page of an earlier request' : 'an account that is not live',
  ]);
});

it('does not date a list in which an index took part, or that is not complete', async () => {
  const { list, page } = aList((recorder) => recorder.note(read('unchanged')));
  await page({ condition: { kind: 'starred', value: false } });
  expect(reads.undatedBy).toBeNull();
  await page({ recorder: recording(), condition: { kind: 'text', value: 'yes' } });
  expect(reads.undatedBy).toBe('a list that is not exact');
  list.failing = () => new MailError('PROVIDER_UNAVAILABLE', 'Try again later.');
  await page({ recorder: recording() });
  expect(reads.undatedBy).toBe('a list that is not exact');
});

describe('the notes of a page that is shown again', () => {
  const read = (state: DatedRead['state'], key = 'account') => ({ key, state }) as DatedRead;
  it('date the answer that shows it', () => {
    const notes = new ReadNotes();
    const noted = read('unchanged');
    notes.note(noted);
    notes.until(1_000);
    notes.repeatFor(reads);
    expect(reads.dates).toEqual({ reads: [noted], until: 1_000 });
  });
  it.each([
    ['nothing was noted', (_notes: ReadNotes) => {}],
    ['something of it is not dated', (notes) => notes.undated('a part')],
    ['it is of another state than the rest', (notes) => notes.note(read('changed'))],
  ] as [string, (notes: ReadNotes) => void][])('date nothing where %s', (_, note) => {
    reads.note(read('unchanged'));
    const notes = new ReadNotes();
    note(notes);
    notes.repeatFor(reads);
    expect(reads.dates).toBeNull();
  });
});
