import type { MailboxSettings, MailTips, User } from '@microsoft/microsoft-graph-types';
import type { Account } from '../mailbox/accounts.ts';
import { badRequest } from '../wire/errors.ts';
import { contextOf } from '../wire/links.ts';
import { type Model, parseShape } from '../wire/odata.ts';
import { type Answer, actionBody, type Call, jsonBody, ok } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { READ_CONTENT } from './view.ts';

const DEFAULTS = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];
const USER: Model = {
  typeName: 'user',
  properties: new Set([...DEFAULTS, 'otherMails', 'proxyAddresses', 'userType', 'accountEnabled']),
  navigations: new Set(),
};
const SETTINGS: Model = {
  typeName: 'mailboxSettings',
  properties: new Set([
    'archiveFolder',
    'automaticRepliesSetting',
    'dateFormat',
    'delegateMeetingMessageDeliveryOptions',
    'language',
    'timeFormat',
    'timeZone',
    'userPurpose',
    'workingHours',
  ]),
  navigations: new Set(),
};
const CHANGEABLE = [
  'automaticRepliesSetting',
  'dateFormat',
  'delegateMeetingMessageDeliveryOptions',
  'language',
  'timeFormat',
  'timeZone',
  'workingHours',
];

export const meRoutes: readonly Route[] = [
  { method: 'GET', path: '/me', scopes: ['User.Read', 'User.ReadBasic.All', 'User.ReadWrite'], handle: me },
  {
    method: 'GET',
    path: '/me/mailboxSettings',
    scopes: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
    handle: showSettings,
  },
  { method: 'POST', path: '/me/getMailTips', scopes: READ_CONTENT, handle: mailTips },
  { method: 'PATCH', path: '/me/mailboxSettings', scopes: ['MailboxSettings.ReadWrite'], handle: changeSettings },
];

function me(call: Call): Answer {
  const { select } = parseShape(call.query, USER);
  const { account } = call;
  const [givenName = '', ...rest] = account.name.split(' ');
  const user: User = {
    businessPhones: [],
    displayName: account.name,
    givenName,
    jobTitle: null,
    mail: account.address,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: rest.join(' ') || null,
    userPrincipalName: account.address,
    id: account.objectId,
    otherMails: [],
    proxyAddresses: [`SMTP:${account.address}`],
    userType: 'Member',
    accountEnabled: true,
  };
  return ok({
    '@odata.context': `${call.base}/v1.0/$metadata#users/$entity`,
    ...pick(user, select === null ? DEFAULTS : ['id', ...select]),
  });
}

/** Returns the size limits among the mail tips. Every mailbox is given the caller's own limit. */
function mailTips(call: Call): Answer {
  const body = actionBody(call);
  const addresses = body.get('emailaddresses');
  if (!Array.isArray(addresses)) throw badRequest("The required parameter 'EmailAddresses' is missing.");
  const value: MailTips[] = addresses.map((address) => ({
    emailAddress: { name: '', address: String(address) },
    ...(/maxMessageSize/i.test(String(body.get('mailtipsoptions') ?? ''))
      ? { maxMessageSize: call.account.maxMessageBytes }
      : {}),
  }));
  return ok({ '@odata.context': `${call.base}/v1.0/$metadata#Collection(microsoft.graph.mailTips)`, value });
}

function settingsOf(account: Account): MailboxSettings {
  return {
    archiveFolder: account.mailbox.folder('archive').id,
    timeZone: 'UTC',
    delegateMeetingMessageDeliveryOptions: 'sendToDelegateOnly',
    dateFormat: 'M/d/yyyy',
    timeFormat: 'h:mm tt',
    userPurpose: 'user',
    language: { locale: 'en-US', displayName: 'English (United States)' },
    automaticRepliesSetting: {
      status: 'disabled',
      externalAudience: 'all',
      internalReplyMessage: '',
      externalReplyMessage: '',
      scheduledStartDateTime: { dateTime: '2026-01-01T00:00:00.0000000', timeZone: 'UTC' },
      scheduledEndDateTime: { dateTime: '2026-01-02T00:00:00.0000000', timeZone: 'UTC' },
    },
    workingHours: {
      daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      startTime: '08:00:00.0000000',
      endTime: '17:00:00.0000000',
      timeZone: { name: 'UTC' },
    },
    ...account.settings,
  };
}

function showSettings(call: Call): Answer {
  const { select } = parseShape(call.query, SETTINGS);
  return ok({
    '@odata.context': contextOf(call, 'mailboxSettings'),
    ...pick(settingsOf(call.account), select ?? [...SETTINGS.properties]),
  });
}

function changeSettings(call: Call): Answer {
  const given = Object.entries(jsonBody(call)).filter(([name]) => !name.includes('@'));
  for (const [name] of given)
    if (!CHANGEABLE.includes(name))
      throw badRequest(`The property '${name}' cannot be changed.`, 'ErrorInvalidRequest');
  call.account.settings = { ...call.account.settings, ...Object.fromEntries(given) };
  return ok({ '@odata.context': contextOf(call, 'mailboxSettings'), ...settingsOf(call.account) });
}

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
