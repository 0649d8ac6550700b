import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { SandboxAccounts } from './accounts.ts';
import { createAccounts } from './accounts.ts';
import { createFaults } from './control/faults.ts';
import { openKeep } from './control/keep.ts';
import { createKeeper } from './control/keeper.ts';
import { createRequestLog } from './control/log.ts';
import { LabelBook } from './google/mailbox/label.book.ts';
import { INBOX_UNREAD, mailFromRaw } from './mail/received.ts';
import { startSandbox } from './start.ts';
import { DEMO_ACCOUNTS, TWINS } from './twins.ts';
import type { Emulator, Vendor, World } from './world.ts';

let dataDir: string;
let lines: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'postern-kept-'));
  lines = [];
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

interface Life {
  readonly accounts: SandboxAccounts;
  emulator(vendor: Vendor): Emulator;
}

/** The emulators of one start, without a port. */
function live(given: { dataDir?: null; mail?: string; messages?: number } = {}): Life {
  const world: World = {
    log: createRequestLog(),
    faults: createFaults(),
    now: () => new Date(),
    signingKey: Buffer.alloc(32, 7),
    keep: openKeep(null),
    post: () => undefined,
  };
  const surroundings = {
    publicUrl: () => 'http://127.0.0.1:9',
    headers: 'written' as const,
    deliverElsewhere: () => {},
  };
  const emulators = TWINS.map((twin) => twin.create(world, surroundings).emulator);
  const emulator = (vendor: Vendor) => emulators.find((one) => one.vendor === vendor) as Emulator;
  const options = { dataDir, mail: null, messages: 12, log: (line: string) => lines.push(line), ...given };
  return { accounts: createAccounts(emulator, options, world.now), emulator };
}

const letter = (subject: string) =>
  mailFromRaw(Buffer.from(`Message-ID: <${subject}@x.example>\r\nSubject: ${subject}\r\n\r\nhello`), {
    key: `test:${subject}`,
    receivedAt: new Date(),
    placement: INBOX_UNREAD,
  });
const demoOf = (vendor: Vendor) => DEMO_ACCOUNTS.find((one) => one.vendor === vendor)?.demo.address ?? '';
const idsOf = ({ emulator }: Life, vendor: Vendor) =>
  emulator(vendor)
    .dump(demoOf(vendor))
    .map(({ id }) => id);
/** All that the emulator says of the account, content and state. */
const stateOf = ({ emulator }: Life, vendor: Vendor) =>
  new Map(Array.from(emulator(vendor).piecesOf(demoOf(vendor)), (piece) => [piece.key, JSON.stringify(piece.read())]));
const answerTo = (parent: number, own: number) =>
  mailFromRaw(
    Buffer.from(`Message-ID: <${own}@x.example>\r\nIn-Reply-To: <${parent}@x.example>\r\nSubject: Re: 1\r\n\r\nhi`),
    {
      key: `test:answer ${own}`,
      receivedAt: new Date(),
      placement: INBOX_UNREAD,
    },
  );
const journals = () => readdirSync(join(dataDir, 'sandbox-mail')).map((name) => join(dataDir, 'sandbox-mail', name));

const VENDORS = DEMO_ACCOUNTS.map(({ vendor }) => vendor);
/** The emulators whose pieces name the thread of a message. The others have no threads of their own to keep. */
const THREADED = VENDORS.filter((vendor) => ['google', 'microsoft'].includes(vendor));

it.each(VENDORS)('keeps what arrived at %s, was read, thrown away and deleted, over two restarts', (vendor) => {
  const first = live();
  const address = demoOf(vendor);
  const [a, b, c] = idsOf(first, vendor) as [string, string, string];
  const [one, two] = [letter('one'), letter('two')].map((mail) => first.emulator(vendor).deliver(address, mail));
  const changes = [
    [a, 'read'],
    [b, 'trash'],
    [c, 'delete'],
    [one, 'archive'],
    [two, 'delete'],
  ] as const;
  for (const [id, change] of changes) first.emulator(vendor).touch(address, id as string, change);
  const before = first.emulator(vendor).dump(address);
  first.accounts.close();

  const second = live();
  expect(second.emulator(vendor).dump(address)).toEqual(before);
  const three = second.emulator(vendor).deliver(address, letter('three'));
  second.emulator(vendor).touch(address, one as string, 'read');
  second.accounts.close();

  const third = live();
  expect(third.emulator(vendor).dump(address)).toEqual(second.emulator(vendor).dump(address));
  expect(idsOf(third, vendor)).toContain(three);
  third.accounts.close();
});

it.each(VENDORS)('writes nothing where nothing changed at %s, and each change once', (vendor) => {
  const first = live();
  first.emulator(vendor).deliver(demoOf(vendor), letter('one'));
  first.accounts.close();
  const written = journals().map((path) => readFileSync(path, 'utf8'));
  const second = live();
  expect(stateOf(second, vendor).size).toBeGreaterThan(0);
  second.accounts.close();
  expect(journals().map((path) => readFileSync(path, 'utf8'))).toEqual(written);
});

it.each(VENDORS)('keeps the dates of the first start at %s', (vendor) => {
  const first = live();
  const before = stateOf(first, vendor);
  first.accounts.close();
  const second = live();
  expect(stateOf(second, vendor)).toEqual(before);
  second.accounts.close();
});

it.each(THREADED)(
  'keeps a conversation at %s when what an answer in it names was deleted before the restart',
  (vendor) => {
    const address = demoOf(vendor);
    const threadsOf = (life: Life) =>
      [...stateOf(life, vendor).values()]
        .flatMap((text) => {
          const { threadId, conversation } = JSON.parse(text) as { threadId?: string; conversation?: { id: string } };
          return threadId ?? conversation?.id ?? [];
        })
        .sort();
    const first = live();
    const [, two, three] = [letter('1'), answerTo(1, 2), answerTo(2, 3)].map((mail) =>
      first.emulator(vendor).deliver(address, mail),
    ) as [string, string, string];
    expect(threadsOf(first).length).toBeGreaterThan(12);
    first.emulator(vendor).touch(address, two, 'delete');
    const before = threadsOf(first);
    first.accounts.close();

    const second = live();
    second.emulator(vendor).touch(address, three, 'read');
    expect(threadsOf(second)).toEqual(before);
    second.emulator(vendor).deliver(address, answerTo(3, 4));
    expect(threadsOf(second)).toHaveLength(before.length + 1);
    expect(new Set(threadsOf(second))).toEqual(new Set(before));
    second.accounts.close();
  },
);

it('keeps labels whose names were exchanged, each with its own', () => {
  const book = new LabelBook();
  const [a, b] = [book.create('A'), book.create('B')];
  const before = [{ ...a }, { ...b }];
  book.rename(a, 'C');
  book.rename(b, 'A');
  book.rename(a, 'B');
  const after = [{ ...a }, { ...b }];
  const next = new LabelBook();
  for (const label of [...before, ...after]) next.putBack(label);
  expect([next.idOf('A'), next.idOf('B'), next.idOf('C')]).toEqual([b.id, a.id, undefined]);
});

it('writes what a request changed before it is answered', async () => {
  // Without what it writes by the clock.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const sandbox = await startSandbox({
    ...{ host: '127.0.0.1', port: 0, dataDir, publicUrl: 'http://127.0.0.1:9', mail: null, messages: 3 },
    ...{ trafficSeconds: 0, log: (line) => lines.push(line) },
  });
  const deliver = (vendor: Vendor) =>
    fetch(`${sandbox.controlUrl}/deliver`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ vendor, subject: 'The moment before', from: 'ann@x.example', text: 'hello' }),
    });
  expect(await (await deliver('google')).text()).toContain('internetMessageId');
  const [path = ''] = journals();
  expect(readFileSync(path, 'utf8').split('\n').filter(Boolean)).toHaveLength(3);
  await sandbox.close();
});

it('is told in one line where nothing can be kept at all', () => {
  writeFileSync(join(dataDir, 'sandbox-mail'), '');
  expect(() => live()).toThrow(/^DATA_DIR: the sandbox's mail cannot be kept there \(.*\); make room, or set another$/);
});

it('keeps an account that was made through the control API', () => {
  const first = live();
  const account = { vendor: 'google', address: 'else@gmail.example', name: 'Else', side: 'home', messages: 5 } as const;
  first.accounts.add(account);
  first.emulator('google').deliver(account.address, letter('one'));
  const before = first.emulator('google').dump(account.address);
  expect(before).toHaveLength(6);
  first.accounts.close();
  const second = live();
  expect(second.emulator('google').dump(account.address)).toEqual(before);
  second.accounts.close();
});

it('keeps what happened to each choice of mail apart, and finds it again', () => {
  const own = join(dataDir, 'own');
  const built = live();
  const id = built.emulator('google').deliver(demoOf('google'), letter('one'));
  built.accounts.close();
  writeFileSync(`${own}.eml`, 'Subject: mine\r\nMessage-ID: <mine@x.example>\r\n\r\nhello');
  const other = live({ mail: `${own}.eml` });
  expect(other.emulator('google').dump(demoOf('google'))).toHaveLength(1);
  other.accounts.close();
  const again = live();
  expect(idsOf(again, 'google')).toContain(id);
  again.accounts.close();
});

it('loses no more than the line that was being written when the process was killed', () => {
  const first = live();
  const id = first.emulator('google').deliver(demoOf('google'), letter('one'));
  first.accounts.close();
  for (const path of journals()) appendFileSync(path, '["google demo@gmail.example message 1abc",{"thre');
  const second = live();
  expect(idsOf(second, 'google')).toContain(id);
  expect(lines.join('\n')).toMatch(/1 lines of kept mail could not be read/);
  second.accounts.close();
  lines = [];
  live().accounts.close();
  expect(lines).toEqual([]);
});

it('puts a file that is no journal of its format aside, and begins', () => {
  live().accounts.close();
  const [path = ''] = journals();
  writeFileSync(path, '{"format":99}\n["x",1]\n');
  const second = live();
  expect(second.emulator('google').dump(demoOf('google'))).toHaveLength(12);
  second.accounts.close();
  expect(readFileSync(`${path}.old`, 'utf8')).toContain('99');
  expect(lines.join('\n')).toContain(`it is now ${path}.old`);
});

it('tries again what a full disk did not take, and says so once', () => {
  const first = live();
  first.accounts.close();
  const written: string[] = [];
  let isFull = true;
  const keeper = createKeeper(
    {
      beganAt: new Date(),
      kept: () => new Map(),
      write(entries) {
        if (isFull) throw new Error('ENOSPC: no space left on device, write');
        written.push(...entries.map(([key]) => key));
      },
    },
    (line) => lines.push(line),
  );
  keeper.take(first.emulator('google'), demoOf('google'));
  const id = first.emulator('google').deliver(demoOf('google'), letter('late'));
  keeper.write();
  keeper.write();
  expect(lines).toEqual([expect.stringMatching(/cannot be kept .*ENOSPC/)]);
  isFull = false;
  keeper.close();
  expect(written.some((key) => key.endsWith(` message ${id}`))).toBe(true);
});

it('looks no account through where nothing outlives the process', () => {
  const life = live({ dataDir: null });
  const read = vi.spyOn(life.emulator('google'), 'piecesOf');
  life.emulator('google').deliver(demoOf('google'), letter('one'));
  life.accounts.write();
  expect(read).not.toHaveBeenCalled();
  life.accounts.close();
});
