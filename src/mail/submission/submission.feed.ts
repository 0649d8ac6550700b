import { z } from 'zod';
import type { Bus } from '../../platform/bus/bus.ts';
import type { SubmissionRecord } from './submission.ts';

/** The bus topic on which every step of a submission is told. */
export const SUBMISSION_TOPIC = 'submission';
/** What travels on it. The row knows the rest. */
export const SubmissionWake = z.object({ id: z.string(), userId: z.string() });

/** Tells the subscribers of a submission that its state has changed. */
export class SubmissionFeed {
  constructor(private readonly bus: Pick<Bus, 'publish'>) {}

  changed({ id, userId }: Pick<SubmissionRecord, 'id' | 'userId'>): Promise<void> {
    return this.bus.publish(SUBMISSION_TOPIC, { id, userId });
  }
}
