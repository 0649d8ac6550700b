import { TWINS } from '../../twins.ts';
import { type CallGuide, TARGET } from './call.ts';

const signInRefusals = TWINS.map(({ name, signInRefusals: codes }) => `${name} has ${codes.join(', ')}.`);
const mailboxRefusals = TWINS.map(({ name, mailboxRefusals: codes }) => `${name} has ${codes.join(', ')}.`);

/** The calls that end tokens and grants, or refuse a sign-in or a mailbox. */
export const ACCESS_CALLS = {
  'POST /control/expire-tokens': {
    does: 'Expires the access tokens that exist. Refreshing still works.',
    fields: TARGET,
    answer: '{accounts}, the accounts that were changed.',
  },
  'POST /control/refuse-tokens': {
    does: 'Makes the API answer 401 to every access token, however new. Refreshing still works.',
    fields: { ...TARGET, areRefused: 'true: tokens are refused. false: they are accepted again. Required.' },
    answer: '{accounts, areRefused}',
  },
  'POST /control/revoke': {
    does: 'Revokes the grant. Refreshing then answers invalid_grant.',
    fields: TARGET,
    answer: '{accounts}',
  },
  'POST /control/sign-in': {
    does: 'Makes the vendor refuse to sign the account in, with one of its own errors.',
    fields: {
      ...TARGET,
      refusal: `The name of an error, or null to accept sign-ins again. Required. ${signInRefusals.join(' ')} invalid_rapt_untyped names its cause in the error description only. AADSTS90093, AADSTS90094 and AADSTS65001 end when an administrator approves the application on the page /{tenant}/adminconsent.`,
      at: 'A list of the steps that are refused: consent (the redirect from the consent page), exchange (of the code for tokens), refresh. Default: all three.',
    },
    answer: '{accounts, refusal, at}',
  },
  'POST /control/mailbox': {
    does: 'Takes away the mailbox of the account. Its owner can still sign in, and requests for mail are answered with one of the errors of the vendor.',
    fields: {
      ...TARGET,
      refusal: `The name of an error, or null to give the mailbox back. Required. ${mailboxRefusals.join(' ')}`,
    },
    answer: '{accounts, refusal}',
  },
} as const satisfies Record<string, CallGuide>;
