import { expect, test } from 'vitest';
import { composeRaw } from '../mail/compose.ts';
import { googleFor, letter } from '../testing/google.ts';

const GRAIN = 256 * 1024;
const { running } = googleFor('test');

const bytes = composeRaw(
  letter({ files: [{ filename: 'a.bin', mimeType: 'application/octet-stream', bytes: Buffer.alloc(3 * GRAIN, 7) }] }),
);
async function begin(): Promise<string> {
  const url = `${running().url}/upload/gmail/v1/users/me/drafts?uploadType=resumable`;
  const session = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${running().accessToken}` } });
  return session.headers.get('location') ?? '';
}
async function put(location: string, range: string, body: Uint8Array = new Uint8Array()) {
  const headers = { authorization: `Bearer ${running().accessToken}`, 'content-range': `bytes ${range}` };
  const response = await fetch(location, { method: 'PUT', headers, body: new Uint8Array(body), redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, range: response.headers.get('range'), json: text ? JSON.parse(text) : null };
}
const piece = (location: string, from: number, to: number, total: number | '*') =>
  put(location, `${from}-${to - 1}/${total}`, bytes.subarray(from, to));
const drafts = () =>
  running()
    .emulator.dump('demo@gmail.example')
    .filter(({ isDraft }) => isDraft);

test('a message is uploaded in pieces, and the session reports how much it has received', async () => {
  const location = await begin();
  expect(await put(location, '*/*')).toMatchObject({ status: 308, range: null });
  expect(await piece(location, 0, GRAIN, '*')).toMatchObject({ status: 308, range: `bytes=0-${GRAIN - 1}` });
  expect(await put(location, `*/${bytes.length}`)).toMatchObject({ status: 308, range: `bytes=0-${GRAIN - 1}` });
  expect(await piece(location, GRAIN, 2 * GRAIN, bytes.length)).toMatchObject({ status: 308 });
  const done = await piece(location, 2 * GRAIN, bytes.length, bytes.length);
  expect(done).toMatchObject({ status: 200, json: { id: expect.any(String), message: { labelIds: ['DRAFT'] } } });
  // A client that lost the answer gets the same one again, and there is only one draft.
  expect(await put(location, `*/${bytes.length}`)).toEqual(done);
  expect(drafts()).toHaveLength(1);
});

test('pieces of another size, out of order, or too large are refused', async () => {
  const location = await begin();
  expect((await piece(location, 0, 1000, '*')).status).toBe(400);
  expect((await piece(location, GRAIN, 2 * GRAIN, '*')).status).toBe(503);
  expect((await put(location, 'nonsense')).status).toBe(400);
  expect((await put(location, `0-${GRAIN - 1}/36700161`, bytes.subarray(0, GRAIN))).status).toBe(413);
  expect((await put(`${location}x`, '*/*')).status).toBe(404);
});

test('a piece whose answer is lost has been received', async () => {
  const location = await begin();
  running().faults.add({ vendor: 'google', operation: 'drafts.create upload', loseAnswer: true, times: 1 });
  await expect(piece(location, 0, GRAIN, '*')).rejects.toThrow();
  expect(await put(location, '*/*')).toMatchObject({ status: 308, range: `bytes=0-${GRAIN - 1}` });
  expect(
    running()
      .world.log.all()
      .map(({ operation, units }) => [operation, units]),
  ).toContainEqual(['drafts.create upload', 0]);
});
