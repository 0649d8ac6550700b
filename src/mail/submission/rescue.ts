import type { Compose } from '../../domain/compose.ts';
import type { MailSession } from '../../providers/contract/provider.ts';
import type { ComposeInput } from '../api/draft/compose.type.ts';
import type { ProviderCalls } from './provider-calls.ts';

/**
 * Stores what was written as a draft, since it cannot be sent as it was meant: the message that it answers is gone, say, or
 * one of its files. False when there is nothing to keep, or it cannot be kept.
 */
export async function rescue(
  input: ComposeInput,
  session: MailSession,
  calls: ProviderCalls,
  compose: (input: ComposeInput) => Promise<Compose>,
): Promise<boolean> {
  if (!(input.text || input.html)) return false;
  const alone = { ...input, draft: null, ifVersion: null, reply: null, replyAll: null, forward: null };
  for (const kept of [alone, { ...alone, attachments: null }]) {
    try {
      const written = await compose(kept);
      await calls.run('save', (call) => session.saveDraft({ id: null, ifVersion: null, compose: written }, call));
      return true;
    } catch {
      // Without the files, then.
    }
  }
  return false;
}
