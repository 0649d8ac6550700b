import { afterAll, beforeAll, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import { interactive, type Lab, openLab } from '../support/app/lab.ts';
import { compose } from '../support/mail/compose.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab('GMAIL');
});
afterAll(() => lab.close());

it('reports that a message was changed when it could not be read afterwards', async () => {
  const { address, session, deliver } = await lab.account('writer');
  const ids = await Promise.all(
    Array.from({ length: 12 }, (_, n) => deliver({ from: 'a@x.example', subject: `n${n}`, text: 'x' })),
  );
  await lab.control('/faults', { vendor: lab.vendor, account: address, operation: 'batch', status: 503 });
  const results = await session.update(
    ids.map((id) => ({ id, isStarred: true })),
    interactive(),
  );
  await lab.control('/faults', undefined, 'DELETE');
  for (const result of results)
    expect(result).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining('made the change') });
  const read = await session.getMessages(ids, 'envelope', interactive());
  expect(read.map((message) => !isMailError(message) && message.isStarred)).toEqual(ids.map(() => true));
});

it.each(['to', 'cc', 'bcc'] as const)('names the field %s when Gmail refuses its address', async (field) => {
  const { session } = await lab.account(`addressed-${field}`);
  const message = compose({ [field]: [{ name: null, address: 'human@f' }] });
  await expect(session.saveDraft({ id: null, ifVersion: null, compose: message }, interactive())).rejects.toMatchObject(
    { code: 'INVALID', field: [field] },
  );
});
