import { z } from 'zod';
import type { MailError } from '../../domain/error.ts';
import { unreachable } from './errors.ts';

/**
 * What a good answer has, by what was asked, whatever fields were selected. A proxy's page, an empty body or a foreign
 * object must not pass for an empty mailbox.
 */
const entity = z.looseObject({ id: z.string().min(1) });
const collectionOf = (item: z.ZodType) => z.looseObject({ value: z.array(item) });
const BY_NAME: Readonly<Record<string, z.ZodType>> = {
  $batch: z.looseObject({ responses: z.array(z.looseObject({ id: z.string(), status: z.number() })) }),
  me: z.looseObject({ userPrincipalName: z.string().nullish(), mail: z.string().nullish() }).refine(isSomebody),
  getMailTips: collectionOf(z.looseObject({})),
  createUploadSession: z.looseObject({ uploadUrl: z.string().min(1) }),
};
const COLLECTIONS: ReadonlySet<string> = new Set(
  'messages mailFolders childFolders attachments masterCategories delta subscriptions'.split(' '),
);

function isSomebody({ userPrincipalName, mail }: { userPrincipalName?: unknown; mail?: unknown }): boolean {
  return typeof userPrincipalName === 'string' || typeof mail === 'string';
}

/** PROVIDER_UNAVAILABLE for an answer that lacks what such a request is given; null for a good one. */
export function malformed(method: string, path: string, answer: unknown): MailError | null {
  if (method === 'DELETE') return null;
  const name = /([^/?]*)(?:\?|$)/.exec(path)?.[1] ?? '';
  const shape = BY_NAME[name] ?? (method === 'GET' && COLLECTIONS.has(name) ? collectionOf(entity) : entity);
  return shape.safeParse(answer).success ? null : unreachable('the answer is malformed');
}
