import { TWINS } from '../twins.ts';
import { ACCESS_CALLS } from './guide/access.calls.ts';
import { BEHAVIOUR_CALLS } from './guide/behaviour.calls.ts';
import type { CallGuide } from './guide/call.ts';
import { CHANGE_CALLS } from './guide/change.calls.ts';
import { FAULT_CALLS } from './guide/fault.calls.ts';
import { LOG_CALLS } from './guide/log.calls.ts';
import { MAIL_CALLS } from './guide/mail.calls.ts';

const NAMES = TWINS.map(({ name }) => name).join(' and ');
const VENDORS = TWINS.map(({ vendor }) => vendor).join(' or ');
const DOMAINS = TWINS.map(({ domain }) => domain).join(' or ');

const calls: Readonly<Record<string, CallGuide>> = {
  'GET /control': { does: 'Returns this manual.' },
  ...MAIL_CALLS,
  ...FAULT_CALLS,
  ...ACCESS_CALLS,
  ...CHANGE_CALLS,
  ...BEHAVIOUR_CALLS,
  ...LOG_CALLS,
};

/** The manual of the control API, which GET /control returns. */
export const GUIDE = {
  about: [
    `This API changes the emulated ${NAMES} from outside, as their users, administrators and failures change the real ones.`,
    'Requests and answers are JSON. An invalid request is answered with 400 and an error that says what to do.',
    `vendor is ${VENDORS}.`,
    'account is the address of an account. Without it, deliver, touch and dump use the first account of the vendor, and all other calls apply to all of its accounts.',
    'Unknown fields are refused.',
  ],
  mail: [
    'Mail that one account sends to another arrives there.',
    `An address does not accept mail if its local part begins with bounce, or if it is at ${DOMAINS} and has no account. The sender receives a delivery report.`,
    'Every Google account has two more addresses. demo@gmail.example may also send as demo.alias@gmail.example, and mail to that address arrives in its mailbox. demo.unproven@gmail.example is listed under sendAs, but is not verified yet.',
  ],
  calls,
  /** The errors that a fault can name, each with its default status. */
  errors: Object.fromEntries(TWINS.map(({ vendor, errors }) => [vendor, errors])),
} as const;
