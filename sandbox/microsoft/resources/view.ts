import type { Call } from '../wire/request.ts';
import type { View } from './message.format.ts';

/** How messages are represented to this caller. */
export function viewOf(call: Call): View {
  return {
    mailbox: call.account.mailbox,
    immutableIds: call.prefer.immutableIds,
    bodyType: call.prefer.bodyType,
    basicOnly: !call.scopes.has('mail.read') && !call.scopes.has('mail.readwrite'),
  };
}

export const READ = ['Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite'] as const;
/** The properties that Mail.ReadBasic does not allow. */
export const READ_CONTENT = ['Mail.Read', 'Mail.ReadWrite'] as const;
export const WRITE = ['Mail.ReadWrite'] as const;
export const SEND = ['Mail.Send'] as const;
