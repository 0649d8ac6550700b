import { z } from 'zod';
import { GmailError } from './errors.ts';
import type { Operation } from './quota.ts';

/**
 * What a good answer of each operation has, whatever else was asked for. A proxy's page, an empty body or a foreign object
 * must not pass for an empty mailbox: lists have no items where there are none, but their resultSizeEstimate.
 */
const identified = z.looseObject({ id: z.string().min(1) });
const message = z.looseObject({
  id: z.string().min(1),
  labelIds: z.array(z.string()).optional(),
  payload: z
    .looseObject({
      headers: z.array(z.looseObject({ name: z.string(), value: z.string() })).optional(),
      parts: z.array(z.looseObject({})).optional(),
    })
    .optional(),
});
const estimate = { resultSizeEstimate: z.number() };
const SHAPES: Readonly<Record<Operation, z.ZodType>> = {
  getProfile: z.union([z.looseObject({ historyId: z.string() }), z.looseObject({ emailAddress: z.string() })]),
  'labels.list': z.looseObject({ labels: z.array(identified) }),
  'labels.get': identified,
  'labels.create': identified,
  'labels.patch': identified,
  'labels.delete': z.unknown(),
  'settings.sendAs.list': z.looseObject({ sendAs: z.array(z.looseObject({ sendAsEmail: z.string() })) }),
  'messages.list': z.looseObject({ ...estimate, messages: z.array(identified).optional() }),
  'messages.get': message,
  'messages.attachments.get': z.looseObject({ data: z.string() }),
  'messages.modify': identified,
  'messages.delete': z.unknown(),
  'messages.batchModify': z.unknown(),
  'messages.batchDelete': z.unknown(),
  'threads.list': z.looseObject({ ...estimate, threads: z.array(identified).optional() }),
  'threads.get': z.looseObject({ id: z.string().min(1), messages: z.array(message).optional() }),
  'drafts.list': z.looseObject({ ...estimate, drafts: z.array(identified).optional() }),
  'drafts.get': z.looseObject({ id: z.string().min(1), message: message.optional() }),
  'drafts.create': identified,
  'drafts.update': identified,
  'drafts.delete': z.unknown(),
  'drafts.send': identified,
  'history.list': z.looseObject({ historyId: z.string(), history: z.array(identified).optional() }),
  watch: z.looseObject({ expiration: z.string() }),
  stop: z.unknown(),
};

/** PROVIDER_UNAVAILABLE for an answer that lacks what the operation gives; null for a good one. */
export function malformed(operation: Operation, answer: unknown): GmailError | null {
  if (SHAPES[operation].safeParse(answer).success) return null;
  const message = 'Gmail gave an unreadable answer. Try again.';
  return new GmailError('PROVIDER_UNAVAILABLE', message, operation, null, 'malformed');
}
