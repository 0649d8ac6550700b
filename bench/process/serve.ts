import { Session } from 'node:inspector/promises';
import { writeHeapSnapshot } from 'node:v8';
import type { Answers, Profile, Question } from './question.ts';

/**
 * Runs inside a process of the bench. It reports its address and then answers questions until it gets the message to
 * stop.
 */
export function serve(url: string, close: () => Promise<unknown>, deliver = () => {}): void {
  const inspector = new Session();
  const answers: { readonly [Q in Question]: () => Answers[Q] | Promise<Answers[Q]> } = {
    usage: () => {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() };
    },
    heap: () => {
      if (!globalThis.gc) throw new Error('the process was started without --expose-gc');
      globalThis.gc();
      return process.memoryUsage().heapUsed;
    },
    'profile-start': async () => {
      inspector.connect();
      await inspector.post('Profiler.enable');
      await inspector.post('Profiler.setSamplingInterval', { interval: 500 });
      await inspector.post('Profiler.start');
      return null;
    },
    'profile-stop': async () => {
      const { profile } = await inspector.post('Profiler.stop');
      inspector.disconnect();
      return profile as Profile;
    },
    snapshot: () => writeHeapSnapshot(),
    deliver: () => {
      deliver();
      return null;
    },
    stop: () => null,
  };
  process.on('message', async (question: Question) => {
    const answer = await answers[question]();
    process.send?.({ question, answer });
    if (question !== 'stop') return;
    await close();
    process.exit(0);
  });
  // The bench has ended unexpectedly.
  process.on('disconnect', () => process.exit(1));
  process.send?.({ url });
}
