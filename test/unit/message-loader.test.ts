import { expect, it } from 'vitest';
import type { Message } from '../../src/domain/message.ts';
import { MessageLoader } from '../../src/mail/account/message.loader.ts';
import type { Reader } from '../../src/mail/account/reader.ts';
import type { Detail } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aMessage, someContent } from '../support/fakes/fake-account.ts';

/** A loader for one message, the requests that it made, and a way to hold an answer back. */
function over(stored: Message) {
  const asked: string[] = [];
  let held: Promise<void> = Promise.resolve();
  const getMessages = async (ids: readonly string[], detail: Detail) => {
    asked.push(`${detail} ${ids.join(',')}`);
    const answer = ids.map(() => (detail === 'full' ? stored : { ...stored, content: null }));
    await held;
    return answer;
  };
  const read: Reader = (work) =>
    work({ getMessages } as Partial<MailSession> as MailSession, {
      signal: new AbortController().signal,
      priority: 'interactive',
    });
  const hold = () => {
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  };
  return { loader: new MessageLoader(read), asked, hold };
}
const fullMessage = aMessage('m', { content: someContent() });
const envelope: Message = { ...fullMessage, content: null };

it('requests nothing that a list has brought, and content once', async () => {
  const { loader, asked } = over(fullMessage);
  loader.prime(envelope);
  expect(await loader.envelope('m')).toBe(envelope);
  expect(asked).toEqual([]);
  expect(await Promise.all([loader.full('m'), loader.full('m')])).toEqual([fullMessage, fullMessage]);
  expect(await loader.full('m')).toEqual(fullMessage);
  expect(asked).toEqual(['full m']);
});

it('takes the envelope from a full message, and never loses the content to a list', async () => {
  const { loader, asked } = over(fullMessage);
  expect(await loader.full('m')).toEqual(fullMessage);
  loader.prime(envelope);
  expect(await loader.envelope('m')).toEqual(fullMessage);
  expect(await loader.full('m')).toEqual(fullMessage);
  expect(asked).toEqual(['full m']);
});

it('shows the result of a change, also when an older read answers after it', async () => {
  const { loader, hold } = over(fullMessage);
  const release = hold();
  const reading = loader.full('m');
  const changed = { ...envelope, isRead: !fullMessage.isRead };
  loader.replace(changed);
  release();
  await reading;
  expect(await loader.envelope('m')).toEqual(changed);
});

it('requests the content of large mails a few at a time, and of ordinary ones at once', async () => {
  const { loader, asked } = over(fullMessage);
  const MB = 1024 * 1024;
  const sizes = { a: 3 * MB, b: 5 * MB, c: 1 * MB, d: 20 * MB, e: null, f: 7 * MB };
  for (const [id, sizeBytes] of Object.entries(sizes)) loader.prime({ ...envelope, id, sizeBytes });
  await Promise.all([...Object.keys(sizes), 'unknown'].map((id) => loader.full(id)));
  expect(asked).toEqual(['full a,b', 'full c', 'full d', 'full e,f,unknown']);
  asked.length = 0;
  for (let n = 0; n < 60; n++) loader.prime({ ...envelope, id: `n${n}`, sizeBytes: 100_000 });
  await Promise.all(Array.from({ length: 60 }, (_, n) => loader.full(`n${n}`)));
  expect(asked).toHaveLength(1);
});
