import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Call, RequestCost } from '../../src/providers/contract/call.ts';
import { createRequestLimiter } from '../../src/providers/limiter/request-limiter.ts';

const log = pino({ level: 'silent' });
const limits = { concurrency: 4, streams: 2, units: 100, windowMs: 60_000 };
const read: RequestCost = { operation: 'read', units: 1, slots: 1, safe: true };
const call = (signal = new AbortController().signal, priority: Call['priority'] = 'interactive'): Call => ({
  signal,
  priority,
});
function deferred<T = void>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the limiter around a provider', () => {
  it('never has more requests under way than the vendor allows, a batch counting as several', async () => {
    const limiter = createRequestLimiter(limits, { log });
    let underWay = 0;
    let most = 0;
    const gates = Array.from({ length: 12 }, () => deferred());
    const work = gates.map((gate, i) => {
      const slots = i % 3 === 0 ? 3 : 1;
      return limiter.request({ ...read, slots }, call(), async () => {
        underWay += slots;
        most = Math.max(most, underWay);
        await gate.promise;
        underWay -= slots;
      });
    });
    for (const gate of gates) {
      await settled();
      gate.resolve();
    }
    await Promise.all(work);
    expect(most).toBe(4);
  });

  it("runs a person's request before background work", async () => {
    const limiter = createRequestLimiter({ ...limits, concurrency: 1 }, { log });
    const order: string[] = [];
    const gate = deferred();
    const first = limiter.request(read, call(), () => gate.promise);
    const background = limiter.request(read, call(undefined, 'background'), async () => void order.push('background'));
    const person = limiter.request(read, call(), async () => void order.push('person'));
    gate.resolve();
    await Promise.all([first, background, person]);
    expect(order).toEqual(['person', 'background']);
  });

  it('refuses with the waiting time when the quota of the window is spent', async () => {
    let now = 0;
    const limiter = createRequestLimiter(limits, { log, now: () => now });
    await limiter.request({ ...read, units: 100 }, call(), async () => undefined);
    now = 10_000;
    await expect(limiter.request(read, call(), async () => undefined)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 50_000,
    });
    now = 60_000;
    await expect(limiter.request(read, call(), async () => 'again')).resolves.toBe('again');
  });

  it('leaves a share of the window to people, whatever background work wants', async () => {
    const limiter = createRequestLimiter(limits, { log, now: () => 0 });
    const background = { ...call(undefined, 'background'), maxWaitMs: 1_000 };
    for (let spent = 0; spent < 80; spent += 10)
      await limiter.request({ ...read, units: 10 }, background, async () => undefined);
    await expect(limiter.request(read, background, async () => undefined)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await limiter.request({ ...read, units: 20 }, call(), async () => undefined);
    await expect(limiter.request(read, call(), async () => undefined)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('leaves a share of the window to background work, whatever people want', async () => {
    let now = 0;
    const limiter = createRequestLimiter({ ...limits, concurrency: 1 }, { log, now: () => now });
    const background = { ...call(undefined, 'background'), maxWaitMs: 1_000 };
    const person = { ...call(), maxWaitMs: 1_000 };
    const spend = (units: number, by: Call) => limiter.request({ ...read, units }, by, async () => undefined);
    await spend(90, person);
    await expect(spend(1, person)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 60_000 });
    now = 30_000;
    await spend(5, background);
    // A person who waits for the window does not keep out background work while its share of the window is free.
    now = 59_500;
    const waiting = spend(50, person);
    await spend(5, background);
    const further = spend(1, { ...background, maxWaitMs: 100 });
    await expect(further).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 500 });
    now = 60_000;
    await spend(1, background);
    await waiting;
  });

  it('retries what is safe to retry, and nothing else', async () => {
    const limiter = createRequestLimiter(limits, { log, random: () => 0 });
    let tries = 0;
    const flaky = async () => {
      if (++tries < 3) throw new MailError('PROVIDER_UNAVAILABLE', 'down', { retryAfterMs: 1 });
      return tries;
    };
    await expect(limiter.request(read, call(), flaky)).resolves.toBe(3);
    tries = 0;
    await expect(limiter.request({ ...read, safe: false }, call(), flaky)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
    expect(tries).toBe(1);
  });

  it('uses no slot while it waits to retry', async () => {
    const limiter = createRequestLimiter(limits, { log, random: () => 300 });
    const leaving = new AbortController();
    const asked = deferred();
    const waiting = limiter.request({ ...read, slots: 4 }, call(leaving.signal, 'background'), async () => {
      asked.resolve();
      throw new MailError('PROVIDER_UNAVAILABLE', 'down');
    });
    await asked.promise;
    await expect(limiter.request(read, call(), async () => 'a person')).resolves.toBe('a person');
    leaving.abort(new MailError('TIMEOUT', 'the test is over'));
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('sends no request of the account for as long as Retry-After says', async () => {
    let now = 0;
    const limiter = createRequestLimiter(limits, { log, now: () => now });
    const refuse = async () => {
      throw new MailError('RATE_LIMITED', 'slow down', { retryAfterMs: 30_000 });
    };
    await expect(limiter.request(read, call(), refuse)).rejects.toMatchObject({ retryAfterMs: 30_000 });
    now = 10_000;
    let asked = false;
    const ask = async () => {
      asked = true;
    };
    await expect(limiter.request(read, call(), ask)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 20_000,
    });
    expect(asked).toBe(false);
  });

  it('ends at once when the caller aborts, also for an attempt that does not listen, and frees its slot', async () => {
    const limiter = createRequestLimiter({ ...limits, concurrency: 1 }, { log });
    const leaving = new AbortController();
    const deaf = limiter.request(read, call(leaving.signal), () => new Promise(() => {}));
    const queued = limiter.request(read, call(leaving.signal), async () => 'never');
    leaving.abort(new MailError('TIMEOUT', 'deadline'));
    await expect(deaf).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(queued).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(limiter.request(read, call(), async () => 'next')).resolves.toBe('next');
  });

  it('refuses a waiting request once the provider has asked for a longer wait than it allows', async () => {
    const limiter = createRequestLimiter({ ...limits, concurrency: 1 }, { log });
    const asked = deferred();
    const refused = limiter.request(read, call(), async () => {
      await asked.promise;
      throw new MailError('RATE_LIMITED', 'slow down', { retryAfterMs: 30_000 });
    });
    const queued = limiter.request(read, call(), async () => 'never');
    asked.resolve();
    await expect(refused).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(queued).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('reports for each request whether the provider answered', async () => {
    const seen: string[] = [];
    const limiter = createRequestLimiter(limits, { log, observe: (outcome) => seen.push(outcome) });
    const fails = (code: MailError['code']) =>
      limiter
        .request({ ...read, safe: false }, call(), async () => Promise.reject(new MailError(code, code)))
        .catch(() => {});
    await limiter.request(read, call(), async () => 'a page');
    for (const code of ['NOT_FOUND', 'PROVIDER_UNAVAILABLE', 'TIMEOUT', 'RECONNECT_REQUIRED'] as const)
      await fails(code);
    expect(seen).toEqual(['answered', 'answered', 'unavailable', 'unavailable', 'answered']);
  });

  describe('around files that are streamed', () => {
    beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
    afterEach(() => vi.useRealTimers());
    const KB = new Uint8Array(1_000);
    /** A file without an end, which records whether its connection was closed. */
    function endless(piece = KB) {
      const file = { closed: false, cut: '', stream: new ReadableStream<Uint8Array>() };
      file.stream = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(piece),
        cancel: () => {
          file.closed = true;
        },
      });
      return file;
    }
    type File = ReturnType<typeof endless>;
    const open = (limiter: ReturnType<typeof createRequestLimiter>, file: File, of: Partial<Call> = {}) =>
      limiter.stream(
        read,
        { ...call(), cut: ({ code }) => void Object.assign(file, { cut: code }), ...of },
        async () => file.stream,
      );
    const nowOrWaits = <T>(work: Promise<T>) => Promise.race([work, settled().then(() => 'waits' as const)]);

    it('leaves slots to everything else, however many files are requested and not read', async () => {
      const limiter = createRequestLimiter(limits, { log });
      for (let i = 0; i < 8; i++) open(limiter, endless()).catch(() => {});
      await settled();
      expect(limiter.maxSlots).toBe(2);
      const page = limiter.request({ ...read, slots: limiter.maxSlots }, call(), async () => 'a page');
      expect(await nowOrWaits(page)).toBe('a page');
    });

    it('gives the slot of a stalled one to the next, once the vendor has seen that it was closed', async () => {
      const limiter = createRequestLimiter({ ...limits, streams: 1 }, { log });
      const stalled = endless();
      await (await open(limiter, stalled)).getReader().read();
      const next = open(limiter, endless());
      await vi.advanceTimersByTimeAsync(4_000);
      expect(stalled.closed).toBe(false);
      await vi.advanceTimersByTimeAsync(1_100);
      expect(stalled).toMatchObject({ closed: true, cut: 'TIMEOUT' });
      expect(await nowOrWaits(next)).toBe('waits');
      await vi.advanceTimersByTimeAsync(250);
      expect(await nowOrWaits(next)).not.toBe('waits');
    });

    it('ends a slow one for another, and none that flows', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const flowing = endless(new Uint8Array(100_000));
      const dribbling = endless();
      const readers = [await open(limiter, flowing), await open(limiter, dribbling)].map((stream) =>
        stream.getReader(),
      );
      const next = open(limiter, endless());
      for (let second = 0; second < 30; second++) {
        for (const reader of readers) await reader.read().catch(() => {});
        await vi.advanceTimersByTimeAsync(1_000);
      }
      expect(dribbling).toMatchObject({ closed: true, cut: 'TIMEOUT' });
      expect(flowing).toMatchObject({ closed: false, cut: '' });
      expect(await nowOrWaits(next)).not.toBe('waits');
    });

    it('lets a slow reader have the file while nothing waits, and ends one that reads next to nothing', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const slow = endless(new Uint8Array(1_500_000));
      const hardly = endless();
      const readers = [await open(limiter, slow), await open(limiter, hardly)].map((stream) => stream.getReader());
      for (let burst = 0; burst < 20; burst++) {
        for (const reader of readers) await reader.read().catch(() => {});
        await vi.advanceTimersByTimeAsync(75_000);
      }
      expect(slow).toMatchObject({ closed: false, cut: '' });
      expect(hardly).toMatchObject({ closed: true, cut: 'TIMEOUT' });
      const page = limiter.request({ ...read, slots: 3 }, call(), async () => 'a page');
      expect(await nowOrWaits(page)).toBe('a page');
    });

    it('ignores the pace when the gateway itself is the reader', async () => {
      const limiter = createRequestLimiter({ ...limits, streams: 1 }, { log });
      const forwarded = endless();
      const reader = (await limiter.stream(read, call(), async () => forwarded.stream)).getReader();
      await reader.read();
      const next = open(limiter, endless());
      await vi.advanceTimersByTimeAsync(600_000);
      expect(forwarded.closed).toBe(false);
      expect(await nowOrWaits(next)).toBe('waits');
    });

    it('refuses a request that waited for the announced time, with a time to come back', async () => {
      const limiter = createRequestLimiter({ ...limits, streams: 1 }, { log });
      await limiter.stream(read, call(), async () => endless().stream);
      const refused = expect(open(limiter, endless(), { maxTurnMs: 20_000 })).rejects.toMatchObject({
        code: 'RATE_LIMITED',
        retryAfterMs: 10_000,
      });
      await vi.advanceTimersByTimeAsync(20_000);
      await refused;
      expect(limiter.maxSlots).toBe(3);
    });

    it('counts a file until its last byte or its closed connection, and no longer', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const finite = { ...endless(), stream: new Blob([KB]).stream() };
      const one = await open(limiter, finite);
      const leaving = new AbortController();
      await open(limiter, endless(), { signal: leaving.signal });
      const wide = limiter.request({ ...read, slots: 3 }, call(), async () => 'a page');
      expect(await nowOrWaits(wide)).toBe('waits');
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await nowOrWaits(wide)).toBe('waits');
      await new Response(one).arrayBuffer();
      expect(await nowOrWaits(wide)).toBe('a page');
      const all = limiter.request({ ...read, slots: 4 }, call(), async () => 'all of it');
      leaving.abort(new Error('the client left'));
      expect(await nowOrWaits(all)).toBe('waits');
      await vi.advanceTimersByTimeAsync(250);
      expect(await nowOrWaits(all)).toBe('all of it');
    });

    it('ends a file whose provider sends no more', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const silent = { ...endless(), stream: new ReadableStream<Uint8Array>() };
      const rest = expect((await open(limiter, silent)).getReader().read()).rejects.toMatchObject({ code: 'TIMEOUT' });
      await vi.advanceTimersByTimeAsync(30_000);
      await rest;
    });
  });

  describe('when a background request hangs', () => {
    beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
    afterEach(() => vi.useRealTimers());
    const hangs = () => new Promise<never>(() => {});
    const batch = { ...read, slots: 4 };
    const background = call(undefined, 'background');

    it('gives its slot to a person who waits for it, once the vendor has seen that it was closed', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const sync = expect(limiter.request(batch, background, hangs)).rejects.toMatchObject({ code: 'TIMEOUT' });
      const page = limiter.request(read, call(), async () => 'a page');
      await vi.advanceTimersByTimeAsync(5_000);
      await sync;
      expect(await Promise.race([page, settled().then(() => 'waits')])).toBe('waits');
      await vi.advanceTimersByTimeAsync(250);
      expect(await Promise.race([page, settled().then(() => 'waits')])).toBe('a page');
    });

    it('ends at once when its time is already over', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const sync = expect(limiter.request(batch, background, hangs)).rejects.toMatchObject({ code: 'TIMEOUT' });
      await vi.advanceTimersByTimeAsync(20_000);
      const page = limiter.request(read, call(), async () => 'a page');
      await sync;
      await vi.advanceTimersByTimeAsync(250);
      await expect(page).resolves.toBe('a page');
    });

    it('counts for a moment longer when its caller aborts', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const caller = new AbortController();
      const rejected = expect(limiter.request(batch, call(caller.signal), hangs)).rejects.toThrow('the client left');
      caller.abort(new Error('the client left'));
      await rejected;
      const page = limiter.request(read, call(), async () => 'a page');
      expect(await Promise.race([page, settled().then(() => 'waits')])).toBe('waits');
      await vi.advanceTimersByTimeAsync(250);
      await expect(page).resolves.toBe('a page');
    });

    it('is restarted, once, when a request that began later was answered', async () => {
      let now = 0;
      const limiter = createRequestLimiter(limits, { log, now: () => now });
      let tries = 0;
      const sync = limiter.request(read, background, async () => (++tries === 1 ? hangs() : 'synced'));
      await limiter.request(read, call(), async () => 'a page');
      expect(tries).toBe(1);
      now = 2_500;
      await limiter.request(read, call(), async () => 'a page');
      await expect(sync).resolves.toBe('synced');
      expect(tries).toBe(2);
    });

    it('is not restarted when it may not be repeated, or streams', async () => {
      let now = 0;
      const limiter = createRequestLimiter(limits, { log, now: () => now });
      let tries = 0;
      const ends = deferred<string>();
      const attempt = () => {
        tries++;
        return ends.promise;
      };
      const sending = limiter.request({ ...read, safe: false }, background, attempt);
      const streaming = limiter.stream(read, call(), async () => {
        await attempt();
        return null;
      });
      now = 10_000;
      await limiter.request(read, call(), async () => 'a page');
      ends.resolve('done');
      await Promise.all([sending, streaming]);
      expect(tries).toBe(2);
    });

    it("is restarted, once, after the caller's time, for the rest of its timeout", async () => {
      const limiter = createRequestLimiter(limits, { log });
      const patient = { ...call(), attemptTimeoutMs: 9_000, beginAgainAfterMs: 4_000 };
      let tries = 0;
      const change = limiter.request(read, patient, async () => (++tries === 1 ? hangs() : 'changed'));
      await vi.advanceTimersByTimeAsync(4_000);
      await expect(change).resolves.toBe('changed');
      expect(tries).toBe(2);

      const silent = expect(limiter.request(read, patient, hangs)).rejects.toMatchObject({ code: 'TIMEOUT' });
      await vi.advanceTimersByTimeAsync(9_000);
      await silent;

      let sent = 0;
      const send = () => {
        sent++;
        return hangs();
      };
      const sending = limiter.request({ ...read, safe: false }, patient, send);
      const unsafe = expect(sending).rejects.toMatchObject({ code: 'TIMEOUT' });
      await vi.advanceTimersByTimeAsync(9_000);
      await unsafe;
      expect(sent).toBe(1);
    });

    it("ends when its caller's timeout says, and not only by its priority", async () => {
      const limiter = createRequestLimiter(limits, { log });
      const sync = expect(
        limiter.request(read, { ...background, attemptTimeoutMs: 4_000 }, hangs),
      ).rejects.toMatchObject({
        code: 'TIMEOUT',
      });
      await vi.advanceTimersByTimeAsync(4_000);
      await sync;
    });

    it('keeps its slot when nothing waits, or when it may not be repeated', async () => {
      const limiter = createRequestLimiter(limits, { log });
      const gate = deferred<string>();
      const sync = limiter.request({ ...read, slots: 3 }, background, () => gate.promise);
      await vi.advanceTimersByTimeAsync(20_000);
      await expect(limiter.request(read, call(), async () => 'a page')).resolves.toBe('a page');
      gate.resolve('synced');
      await expect(sync).resolves.toBe('synced');

      const answer = deferred<string>();
      const sending = limiter.request({ ...batch, safe: false }, background, () => answer.promise);
      const page = limiter.request(read, call(), async () => 'a page');
      await vi.advanceTimersByTimeAsync(20_000);
      answer.resolve('sent');
      await expect(sending).resolves.toBe('sent');
      await expect(page).resolves.toBe('a page');
    });
  });
});
