import { z } from 'zod';
import { SPOILT } from '../change.spoil.ts';
import { SIGN_IN_STEPS } from '../sign-in.refusals.ts';
import { TWINS } from '../twins.ts';
import { DUPLICATES, HEADER_SPELLINGS, READ_TOGGLES, SEARCH_INDEXES, SUBJECT_THREADS } from '../world.ts';

/** The inputs of the control API. Unknown fields are refused by name, because a fault with a typo would silently do nothing. */

/** The request is invalid. It is answered with 400 and this message, which says what to do. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

export const vendor = z.enum(TWINS.map((twin) => twin.vendor));
const address = z.string().regex(/^[^\s@]+@[^\s@]+$/, 'must be an address, such as demo@gmail.example');
const line = z.string().regex(/^[^\r\n]*$/, 'must be one line');
const person = z.union([line.min(1), z.strictObject({ name: line.default(''), address: line.min(1) })]);
const people = z.union([person, z.array(person)]);
const date = z.coerce.date();

export const target = z.strictObject({ vendor, account: address.optional() });
export const newAccount = z.strictObject({
  vendor,
  address,
  name: line.optional(),
  /** The number of built-in messages to fill the account with. */
  messages: z.int().min(0).max(1_000_000).default(0),
  side: z.enum(['home', 'office']).optional(),
});
export const fault = z
  .strictObject({
    vendor,
    account: address.optional(),
    operation: z.string().min(1).optional(),
    status: z.int().min(400).max(599).optional(),
    error: z.string().min(1).optional(),
    retryAfterSeconds: z.number().min(0).optional(),
    retryAfter: line.optional(),
    latencyMs: z.number().min(0).max(600_000).optional(),
    hang: z.union([z.boolean(), z.literal('release')]).optional(),
    loseAnswer: z.boolean().optional(),
    truncate: z.boolean().optional(),
    body: z.string().optional(),
    emptyPage: z.boolean().optional(),
    pageSize: z.int().min(1).max(1_000).optional(),
    webhook: z.enum(['lose', 'repeat']).optional(),
    times: z.int().min(1).optional(),
    share: z.number().gt(0).max(1).optional(),
    seed: z.int().min(0).optional(),
  })
  .refine(
    ({ status, error, latencyMs, hang, loseAnswer, truncate, body, emptyPage, pageSize, webhook }) =>
      [status, error, latencyMs, hang, loseAnswer, truncate, body, emptyPage, pageSize, webhook].some(
        (said) => said !== undefined,
      ),
    'must have at least one of status, error, latencyMs, hang, loseAnswer, truncate, body, emptyPage, pageSize and webhook',
  );
export const searchLag = target.extend({ seconds: z.number().min(0).max(86_400) });
export const duplicates = target.extend({ duplicates: z.enum(DUPLICATES) });
export const sending = target.extend({
  lagSeconds: z.number().min(0).max(86_400).optional(),
  meanwhile: z.enum(['draft', 'absent']).optional(),
  ids: z.enum(['kept', 'changed']).optional(),
  messageId: z.enum(['kept', 'original', 'replaced']).optional(),
});
export const replicaLag = target.extend({
  seconds: z.number().min(0).max(86_400),
  at: z.enum(['session', 'piece', 'read']).default('session'),
});
export const searchIndex = target.extend({
  accents: z.enum(SEARCH_INDEXES.accents).optional(),
  underscore: z.enum(SEARCH_INDEXES.underscore).optional(),
  forms: z.enum(SEARCH_INDEXES.forms).optional(),
  unspaced: z.enum(SEARCH_INDEXES.unspaced).optional(),
  sender: z.enum(SEARCH_INDEXES.sender).optional(),
  messageIds: z.enum(SEARCH_INDEXES.messageIds).optional(),
  order: z.enum(SEARCH_INDEXES.order).optional(),
});
export const headers = target.extend({ spelling: z.enum(HEADER_SPELLINGS) });
export const changes = target.extend({
  readToggles: z.enum(READ_TOGGLES).optional(),
  updatedAfterCreated: z.boolean().optional(),
});
export const spoilChanges = target.extend({
  next: z.int().min(0).max(1_000_000),
  as: z.enum(SPOILT).default('omitted'),
  isNotified: z.boolean().default(false),
});
export const limits = target
  .extend({
    maxMessageBytes: z
      .int()
      .min(1)
      .max(150 * 1024 * 1024)
      .optional(),
    batchWidth: z.int().min(1).max(100).optional(),
  })
  .refine(
    ({ maxMessageBytes, batchWidth }) => (maxMessageBytes === undefined) !== (batchWidth === undefined),
    'give exactly one of maxMessageBytes and batchWidth',
  );
export const threading = target.extend({ subjects: z.enum(SUBJECT_THREADS) });
export const mailbox = target.extend({ refusal: z.string().min(1).nullable() });
export const signIn = target.extend({
  refusal: z.string().min(1).nullable(),
  at: z
    .array(z.enum(SIGN_IN_STEPS))
    .min(1)
    .default([...SIGN_IN_STEPS]),
});
export const tokens = target.extend({ areRefused: z.boolean() });
export const touch = z.strictObject({
  vendor,
  account: address.optional(),
  id: z.string().min(1),
  change: z.enum(['delete', 'read', 'unread', 'archive', 'trash', 'inbox', 'star', 'unstar']),
});
const place = {
  mailbox: z
    .union([z.enum(['inbox', 'sent', 'archive', 'drafts', 'trash', 'junk']), z.strictObject({ name: line.min(1) })])
    .default('inbox'),
  labels: z.array(line.min(1)).default([]),
  isRead: z.boolean().default(false),
  isStarred: z.boolean().default(false),
  isImportant: z.boolean().default(false),
};
export const delivery = z
  .strictObject({
    vendor,
    account: address.optional(),
    raw: z.string().min(1).optional(),
    rawBase64: z.base64().min(1).optional(),
    from: person.optional(),
    to: people.optional(),
    cc: people.optional(),
    replyTo: people.optional(),
    subject: line.optional(),
    text: z.string().optional(),
    html: z.string().optional(),
    date: date.optional(),
    receivedAt: date.optional(),
    messageId: z
      .string()
      .regex(/^<[^<>\s]+>$/, 'must be in angle brackets, such as <one@mail.example>')
      .optional(),
    inReplyTo: z.array(line).optional(),
    references: z.array(line).optional(),
    headers: z
      .record(z.string().regex(/^[\x21-\x39\x3b-\x7e]+$/, 'must be a header name, without spaces and colons'), line)
      .optional(),
    attachments: z
      .array(
        z.strictObject({
          filename: line.min(1),
          mimeType: z
            .string()
            .regex(/^[\w.+-]+\/[\w.+-]+$/)
            .default('application/octet-stream'),
          contentBase64: z.base64(),
          contentId: z
            .string()
            .regex(/^[^<>\s]+$/)
            .optional(),
        }),
      )
      .optional(),
    ...place,
  })
  .refine((d) => [d.raw, d.rawBase64, d.from].filter((v) => v !== undefined).length === 1, {
    message: 'give exactly one of raw (text), rawBase64 (bytes), and from (with subject, text, html and other fields)',
  });
export type Delivery = z.output<typeof delivery>;

export const logQuery = z.strictObject({
  vendor: vendor.optional(),
  account: address.optional(),
  since: z.coerce.number().min(0).optional(),
  limit: z.coerce.number().int().min(0).max(200_000).default(1_000),
});

/** Validates `value`. The error names each invalid field and says what it should be. */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  throw new ControlError(`${faults.join('; ')}. GET /control describes the fields of each call.`);
}
