import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type AnswerDates, isUnchanged } from '../../graphql/reads.ts';
import { firstDifference } from './difference.ts';

/** A kept answer that was wrong although nothing of what it shows was known to have changed. */
export interface StaleAnswer {
  /** The key of the answer, which is a hash. */
  readonly key: string;
  /** Where the kept answer and the fresh one differ first, by the names in the query. It has no content of mail. */
  readonly path: string;
}

/**
 * How long a change at a provider may take until it is known here. An answer that was overtaken by one is not stale, but as old
 * as `sync.lagSeconds` says.
 */
const CHANGE_TIMEOUT_MS = 10_000;
const CHECK_INTERVAL_MS = 100;

interface ShadowOptions {
  /** Default: CHANGE_TIMEOUT_MS. */
  readonly changeTimeoutMs?: number;
  /**
   * Called with each stale answer. If it is present, a request whose answers differ is answered only when that is judged: its
   * client makes no other change meanwhile, which would be taken for the one that the kept answer lacks.
   */
  readonly onStale?: ((answer: StaleAnswer) => void) | undefined;
}

/** Compares answers that would have been given again with fresh ones, and reports each that was stale. */
export class Shadow {
  private readonly judging = new Set<Promise<void>>();
  private found = 0;

  constructor(
    private readonly log: Logger,
    private readonly options: ShadowOptions = {},
  ) {}

  /** Returns whether both answers are the same. */
  async compare(
    key: string,
    kept: { readonly body: Buffer; readonly dates: AnswerDates },
    fresh: string,
  ): Promise<boolean> {
    const body = kept.body.toString();
    const path = body === fresh ? null : firstDifference(JSON.parse(body), JSON.parse(fresh));
    if (path === null) return true;
    const judging = this.judge({ key, path }, kept.dates).finally(() => this.judging.delete(judging));
    this.judging.add(judging);
    if (this.options.onStale) await judging;
    return false;
  }

  /** Resolves when every difference so far is judged. */
  async settled(): Promise<void> {
    await Promise.all(this.judging);
  }

  private async judge(answer: StaleAnswer, dates: AnswerDates): Promise<void> {
    // The checks are counted, and not the time: a process that was stalled has not learnt of the change meanwhile.
    const checks = (this.options.changeTimeoutMs ?? CHANGE_TIMEOUT_MS) / CHECK_INTERVAL_MS;
    for (let done = 0; await isUnchanged(dates); done++) {
      if (done >= checks) return this.report(answer);
      await delay(CHECK_INTERVAL_MS);
    }
  }

  private report(answer: StaleAnswer): void {
    this.found++;
    this.log.error({ ...answer, found: this.found }, 'a kept answer would have been stale');
    this.options.onStale?.(answer);
  }
}
