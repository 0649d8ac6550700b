import { z } from 'zod';
import type { Bus } from '../../platform/bus/bus.ts';
import type { SubmissionRecord } from './submission.ts';

/** The bus topic for changes of submissions. */
export const SUBMISSION_TOPIC = 'submission';
/** The payload of the topic. Subscribers read the rest from the row. */
export const SubmissionWake = z.object({ id: z.string(), userId: z.string() });

/** Publishes that the state of a submission has changed. */
export class SubmissionFeed {
  constructor(private readonly bus: Pick<Bus, 'publish'>) {}

  changed({ id, userId }: Pick<SubmissionRecord, 'id' | 'userId'>): Promise<void> {
    return this.bus.publish(SUBMISSION_TOPIC, { id, userId });
  }
}
