import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';
import { compose, file, filesOf, noise, read } from '../support/mail/composing.ts';

let lab: Lab;
let account: Account;
beforeAll(async () => {
  lab = await openLab('OUTLOOK');
  account = await lab.account('uploader');
});
afterEach(() => lab.control('/faults', undefined, 'DELETE'));
afterAll(async () => {
  // These answers are wrong on purpose, so the wire log is not compared with Microsoft's descriptions.
  await lab.forgetWire();
  await lab.close();
});

it('uses the default limit when a mailbox does not report its own', async () => {
  const operation = 'POST /me/getMailTips';
  const saving = (sizeBytes: number) => {
    const large = file('large.bin', Buffer.alloc(1), { sizeBytes });
    const message = compose({ attachments: [large] });
    return account.session.saveDraft({ id: null, ifVersion: null, compose: message }, interactive());
  };
  for (const status of [403, 404]) {
    await lab.control('/faults', { vendor: 'microsoft', account: account.address, operation, status, times: 1 });
    await expect(saving(36 * 1024 * 1024)).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('this mailbox accepts'),
    });
  }
  await lab.control('/faults', { vendor: 'microsoft', account: account.address, operation, status: 503 });
  await expect(saving(36 * 1024 * 1024)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
});

/** Large enough to be uploaded in two pieces. */
const bytes = noise(4_200_000);
const save = (subject: string) =>
  account.session.saveDraft(
    { id: null, ifVersion: null, compose: compose({ subject, attachments: [file('large.bin', bytes)] }) },
    interactive(),
  );
const reportRanges = (operation: string, nextExpectedRanges: unknown, times: number) =>
  lab.control('/faults', {
    vendor: 'microsoft',
    account: account.address,
    operation,
    body: JSON.stringify({ nextExpectedRanges }),
    times,
  });

it.each([
  ['what it has already', ['0-']],
  ['a part of what it has', ['9-19']],
  ['what was not sent yet', ['3932170-']],
  ['the last byte', ['4199999-']],
  ['what is behind the end', ['4200000-', '4200001-']],
  ['nothing before it has all', []],
  ['no number', ['x-']],
  ['less than nothing', ['-5']],
  ['no list', 'x'],
])('a file is stored completely although the session expects %s', async (what, ranges) => {
  await reportRanges('PUT (uploadUrl)', ranges, 1);
  const draft = await save(what);
  const files = await filesOf(account.session, await read(account.session, draft.id));
  expect(files.get('large.bin')?.equals(bytes)).toBe(true);
  expect(await lab.control('/faults')).toEqual([]);
});

it('a session that expects the same range without end is given up', async () => {
  await lab.control('/log', undefined, 'DELETE');
  await reportRanges('PUT (uploadUrl)', ['0-'], 1_000);
  await reportRanges('GET (uploadUrl)', ['0-'], 1_000);
  await expect(save('without end')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  const { records } = await lab.control<{ records: { operation: string }[] }>('/log');
  expect(records.filter(({ operation }) => operation === 'PUT (uploadUrl)').length).toBeLessThan(8);
});
