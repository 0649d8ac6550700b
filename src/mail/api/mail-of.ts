import { requirePrincipal } from '../../graphql/caller.ts';
import type { Context } from '../../graphql/context.ts';
import type { ViewerMail, ViewerMails } from '../account/viewer-mail.ts';

/**
 * Returns the viewer's mail. There is one ViewerMail for each request and each event of a subscription, so that all
 * resolvers share the opened accounts. Throws UNAUTHENTICATED.
 */
export type MailOf = (context: Context) => ViewerMail;

export function mailOfContexts(mails: ViewerMails): MailOf {
  // `context.once` uses this function as its key.
  const inRequest = (context: Context): ViewerMail =>
    mails.of(requirePrincipal(context), context.signal, context.log, {
      meterOf: (id) => context.cost.meter(id),
      use: context.noCache ? 'refresh' : 'reuse',
      recorder: context.reads.isRecording ? context.reads : null,
    });
  return (context) => context.once(inRequest);
}
