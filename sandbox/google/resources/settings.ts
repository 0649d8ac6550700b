import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { SendAs } from '../directory.ts';
import { notFound } from '../errors.ts';
import { text } from '../wire/body.ts';
import { type Call, type Operation, READ } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';

const READ_SETTINGS = [...READ, 'settings'] as const;

/** users.settings.sendAs, with the account's own address, a verified alias and an unverified one. */
export const settings: readonly Operation[] = [
  {
    name: 'settings.sendAs.list',
    method: 'GET',
    path: '/settings/sendAs',
    scopes: READ_SETTINGS,
    response: SHAPES.sendAsList,
    run: ({ account }): gmail_v1.Schema$ListSendAsResponse => ({ sendAs: account.sendAs.map(resource) }),
  },
  {
    name: 'settings.sendAs.get',
    method: 'GET',
    path: '/settings/sendAs/{sendAsEmail}',
    scopes: READ_SETTINGS,
    response: SHAPES.sendAs,
    run: (call) => resource(find(call)),
  },
  ...(['settings.sendAs.patch', 'settings.sendAs.update'] as const).map(
    (name): Operation => ({
      name,
      method: name === 'settings.sendAs.patch' ? 'PATCH' : 'PUT',
      path: '/settings/sendAs/{sendAsEmail}',
      scopes: ['settings', 'sharing'],
      request: SHAPES.sendAs,
      response: SHAPES.sendAs,
      run(call) {
        const sendAs = find(call);
        for (const field of ['displayName', 'signature', 'replyToAddress'] as const)
          sendAs[field] = text(call.body, field) ?? (name === 'settings.sendAs.update' ? '' : sendAs[field]);
        return resource(sendAs);
      },
    }),
  ),
];

function find({ account, params }: Call): SendAs {
  const wanted = params.sendAsEmail?.toLowerCase();
  const sendAs = account.sendAs.find(({ address }) => address === wanted);
  if (!sendAs) throw notFound();
  return sendAs;
}

/** Google omits the verification status of the primary address. */
function resource({ address, ...shown }: SendAs): gmail_v1.Schema$SendAs {
  const isPrimary = shown.verificationStatus === undefined;
  return {
    sendAsEmail: address,
    ...shown,
    ...(isPrimary ? { isPrimary, isDefault: true } : { treatAsAlias: true }),
  };
}
