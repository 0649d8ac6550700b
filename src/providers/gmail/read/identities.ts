import type { Call } from '../../contract/call.ts';
import type { Identity } from '../../contract/mail-session.ts';
import type { GmailClient } from '../wire/client.ts';

/** The addresses that this account may send from: its own, and the aliases whose ownership was verified. */
export async function identities(client: GmailClient, call: Call): Promise<readonly Identity[]> {
  const { sendAs } = await client.request('settings.sendAs.list', call, (users, options) =>
    users.settings.sendAs.list({ userId: 'me' }, options),
  );
  const usable = (sendAs ?? []).filter((alias) => alias.isPrimary || alias.verificationStatus === 'accepted');
  if (usable.length === 0) return [{ address: client.options.address, name: null, isDefault: true }];
  const preferred = usable.find((alias) => alias.isDefault) ?? usable[0];
  return usable.flatMap((alias) =>
    alias.sendAsEmail
      ? [{ address: alias.sendAsEmail, name: alias.displayName || null, isDefault: alias === preferred }]
      : [],
  );
}
