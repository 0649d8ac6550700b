import { expect, it } from 'vitest';
import { batch } from '../../src/providers/outlook/batch.ts';
import type { GraphClient, GraphRequest } from '../../src/providers/outlook/client.ts';

/** Answers every part, and tells how many slots and parts each $batch had. */
function graph(widest: () => number) {
  const sent: { slots: number; parts: number }[] = [];
  const client = {
    get widest() {
      return widest();
    },
    async request(
      { body, cost }: GraphRequest,
      _: unknown,
      read: (response: Response, signal: AbortSignal) => Promise<unknown>,
    ) {
      const { requests } = JSON.parse(String(typeof body === 'function' ? body() : body));
      sent.push({ slots: cost.slots, parts: requests.length });
      const responses = requests.map(({ id, url }: { id: string; url: string }) => ({
        id,
        status: 200,
        body: { id: url },
      }));
      return read(Response.json({ responses }), new AbortController().signal);
    },
  };
  return { client: client as unknown as GraphClient, sent };
}
const call = { signal: new AbortController().signal, priority: 'interactive' } as const;
const chains = Array.from({ length: 23 }, (_, n) => [{ method: 'PATCH' as const, path: `/me/messages/${n}` }]);

it('a batch is no wider than the places that files leave, and as wide as Graph takes when there are none', async () => {
  let widest = 2;
  const { client, sent } = graph(() => widest);
  const outcomes = await batch<{ id: string }>(client, 'messages.update', chains, call);
  expect(outcomes.map((outcome) => (outcome as { id: string }).id)).toEqual(chains.map(([part]) => part?.path));
  expect(sent).toHaveLength(12);
  for (const { slots, parts } of sent) expect([slots <= 2, parts <= 2]).toEqual([true, true]);

  widest = 4;
  sent.length = 0;
  await batch(client, 'messages.update', chains, call);
  expect(sent).toEqual([
    { slots: 4, parts: 20 },
    { slots: 3, parts: 3 },
  ]);
});
