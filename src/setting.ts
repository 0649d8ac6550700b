import { z } from 'zod';

/** Kinds of setting, as they are written in the environment. */

export const flag = z
  .enum(['on', 'off', 'true', 'false', '1', '0'])
  .transform((v) => v === 'on' || v === 'true' || v === '1');
export const port = z.coerce.number().int().min(0).max(65535);
export const url = z.url({ protocol: /^https?$/ }).transform((v) => v.replace(/\/+$/, ''));
export const redisUrl = z
  .string()
  .refine(
    (v) => /^rediss?:\/\/[^/?#]+(\/\d*)?$/.test(v) && URL.canParse(v),
    'must be redis://user:password@host:port, or rediss:// with TLS',
  );
export const list = z.string().transform((v) =>
  v
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean),
);
export const positive = z.coerce.number().int().positive();

/** A fault when one of two is set without the other. */
export const bothOrNeither =
  (one: string, other: string) =>
  (values: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    for (const [set, missing] of [
      [one, other],
      [other, one],
    ] as const) {
      if (!values[set] || values[missing]) continue;
      context.addIssue({ code: 'custom', path: [missing], message: `missing; ${set} is set and needs it` });
    }
  };
