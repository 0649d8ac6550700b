import type { Context } from '../../graphql/context.ts';
import { requirePrincipal } from '../../graphql/principal.ts';
import type { ViewerMail, ViewerMails } from '../account/viewer-mail.ts';

/**
 * The mail of who asks: one ViewerMail in each request, and in each event of a subscription, so that every resolver finds the
 * accounts that another one has opened. Throws UNAUTHENTICATED.
 */
export type MailOf = (context: Context) => ViewerMail;

export function mailOfContexts(mails: ViewerMails): MailOf {
  // The key under which `context.once` keeps it.
  const inRequest = (context: Context): ViewerMail => mails.of(requirePrincipal(context), context.signal, context.log);
  return (context) => context.once(inRequest);
}
