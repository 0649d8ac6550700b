import { beforeAll, expect, it } from 'vitest';
import { ME, mail, microsoftFor } from '../testing/microsoft.ts';

const { running, graph } = microsoftFor('file');

const at = (ms: number) => new Date(Date.UTC(2026, 0, 10, 12, 0, 0, ms));

let ids: string[];
beforeAll(() => {
  ids = [
    running().emulator.deliver(
      ME,
      mail({
        subject: 'Quarterly numbers',
        from: { name: 'Grace Hopper', address: 'grace@navy.example' },
        text: 'The compiler is ready.',
        date: at(100_000),
      }),
    ),
    running().emulator.deliver(
      ME,
      mail({
        subject: 'Lunch',
        text: 'Numbers do not matter.',
        date: at(200_000),
        files: [{ filename: 'menu.pdf', mimeType: 'application/pdf', bytes: Buffer.from('%PDF') }],
      }),
    ),
  ];
});
const find = async (query: string) => {
  const { body } = await graph(
    `/me/messages?$search=${encodeURIComponent(`"${query.replace(/"/g, '\\"')}"`)}&$select=id`,
  );
  return body.value.map(({ id }: { id: string }) => ids.indexOf(id)).filter((n: number) => n >= 0);
};

it.each([
  ['numbers', [1, 0]],
  ['numb', [1, 0]],
  ['umbers', []],
  ['subject:numbers', [0]],
  ['from:grace', [0]],
  ['from:"grace@navy.example"', [0]],
  ['body:compiler AND subject:quarterly', [0]],
  ['compiler OR lunch', [1, 0]],
  ['numbers NOT lunch', [0]],
  ['hasAttachments:true', [1]],
  ['attachment:menu', [1]],
  ['received>=2026-01-10 AND (subject:lunch OR subject:nothing)', [1]],
  ['received:2026-01-09', []],
  ['participants:navy.example', [0]],
])('finds %s', async (query, expected) => {
  expect(await find(query)).toEqual(expected);
});

it.each([
  ['menu', []],
  ['demo', []],
  ['participants:demo', [1, 0]],
  ['"numb"', []],
  ['"quarterly numbers"', [0]],
  ['"numbers quarterly"', []],
])('reads %s as documented: from, subject and body, and whole words in quotes', async (query, expected) => {
  expect(await find(query)).toEqual(expected);
});

it('can be set to find the beginnings of one quoted word, and to distinguish accents', async () => {
  const accented = running().emulator.deliver(ME, mail({ subject: 'Crème ﬁg', date: at(300_000) }));
  const found = async (query: string) =>
    (await graph(`/me/messages?$search=${encodeURIComponent(`"${query.replace(/"/g, '\\"')}"`)}&$select=id`)).body.value
      .map(({ id }: { id: string }) => id)
      .includes(accented);
  const all = async () => [await found('"creme fig"'), await found('"crème ﬁg"'), await found('"cre"')];
  expect(await all()).toEqual([true, true, false]);
  running().emulator.setSearchIndex(ME, { accents: 'kept', forms: 'beginnings' });
  expect(await all()).toEqual([false, true, false]);
  expect(await found('"crè"')).toBe(true);
  running().emulator.setSearchIndex(ME, {});
});

it('sorts by when a message was sent, or received when that is set', async () => {
  const early = mail({ subject: 'Zeppelin', date: new Date('2001-01-01T00:00:00Z') });
  const late = mail({ subject: 'Zeppelin', date: new Date('2002-01-01T00:00:00Z') });
  const first = running().emulator.deliver(ME, { ...late, receivedAt: at(400_000) });
  const second = running().emulator.deliver(ME, { ...early, receivedAt: at(500_000) });
  const found = async () =>
    (await graph('/me/messages?$search="zeppelin"&$select=id')).body.value.map(({ id }: { id: string }) => id);
  expect(await found()).toEqual([first, second]);
  running().emulator.setSearchIndex(ME, { order: 'received' });
  expect(await found()).toEqual([second, first]);
  running().emulator.setSearchIndex(ME, {});
});

it('lags behind delivery when that is set', async () => {
  running().emulator.setSearchLag(ME, 60);
  running().emulator.deliver(ME, mail({ subject: 'Xylophone' }));
  expect((await graph('/me/messages?$search="xylophone"')).body.value).toHaveLength(0);
  running().clock.ahead += 61_000;
  expect((await graph('/me/messages?$search="xylophone"')).body.value).toHaveLength(1);
  running().emulator.setSearchLag(ME, 0);
});
