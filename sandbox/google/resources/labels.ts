import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { conflict, invalidArgument, notFound } from '../errors.ts';
import type { LabelDefinition } from '../mailbox/label.book.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { type Json, object, oneOf, text } from '../wire/body.ts';
import { type Call, type Operation, READ_METADATA } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { LABEL_COLORS } from './label.colors.ts';

const READ_LABELS = [...READ_METADATA, 'labels'] as const;
const CHANGE_LABELS = ['full', 'modify', 'labels'] as const;
const MAX_NAME_LENGTH = 225;

/** users.labels. System labels can only be read. */
export const labels: readonly Operation[] = [
  {
    name: 'labels.list',
    method: 'GET',
    path: '/labels',
    scopes: READ_LABELS,
    response: SHAPES.labelList,
    run: ({ account }): gmail_v1.Schema$ListLabelsResponse => ({
      labels: account.mailbox.labels.all().map((label) => ({ ...label })),
    }),
  },
  {
    name: 'labels.get',
    method: 'GET',
    path: '/labels/{id}',
    scopes: READ_LABELS,
    response: SHAPES.label,
    run(call): gmail_v1.Schema$Label {
      const label = find(call);
      const { messages, unread, threads, unreadThreads } = call.account.mailbox.tally.of(label.id);
      return {
        ...label,
        messagesTotal: messages,
        messagesUnread: unread,
        threadsTotal: threads,
        threadsUnread: unreadThreads,
      };
    },
  },
  {
    name: 'labels.create',
    method: 'POST',
    path: '/labels',
    scopes: CHANGE_LABELS,
    request: SHAPES.label,
    response: SHAPES.label,
    run({ account: { mailbox }, body }): gmail_v1.Schema$Label {
      const name = nameOf(body, mailbox, null);
      const look = appearance(body);
      return { ...Object.assign(mailbox.labels.create(name), look) };
    },
  },
  ...(['labels.patch', 'labels.update'] as const).map(
    (operation): Operation => ({
      name: operation,
      method: operation === 'labels.patch' ? 'PATCH' : 'PUT',
      path: '/labels/{id}',
      scopes: CHANGE_LABELS,
      request: SHAPES.label,
      response: SHAPES.label,
      run(call): gmail_v1.Schema$Label {
        const { account, body } = call;
        const label = findUserLabel(call);
        if ((text(body, 'id') ?? label.id) !== label.id) throw invalidArgument('Label id in the body does not match');
        const look = appearance(body);
        if (operation === 'labels.update' || body.name !== undefined)
          account.mailbox.labels.rename(label, nameOf(body, account.mailbox, label));
        // In a patch, null removes a value. In an update, an absent field removes it.
        if (body.color === null || (operation === 'labels.update' && !look.color)) delete label.color;
        return { ...Object.assign(label, look) };
      },
    }),
  ),
  {
    name: 'labels.delete',
    method: 'DELETE',
    path: '/labels/{id}',
    scopes: CHANGE_LABELS,
    run(call) {
      const { mailbox } = call.account;
      const label = findUserLabel(call);
      const carriers = [...mailbox.timeline.after(null)].filter((message) => message.labels.has(label.id));
      for (const message of carriers) mailbox.relabel(message, [], [label.id]);
      mailbox.labels.delete(label);
    },
  },
];

function find({ account, params }: Call): LabelDefinition {
  const label = account.mailbox.labels.get(params.id ?? '');
  if (!label) throw notFound();
  return label;
}

function findUserLabel(call: Call): LabelDefinition {
  const label = find(call);
  if (label.type === 'system')
    throw invalidArgument('Invalid update or delete request: system labels cannot be changed');
  return label;
}

function nameOf(body: Json, mailbox: Mailbox, self: LabelDefinition | null): string {
  const name = text(body, 'name')?.trim();
  if (!name || name.length > MAX_NAME_LENGTH || name.split('/').some((piece) => piece === ''))
    throw invalidArgument('Invalid label name');
  const taken = mailbox.labels.idOf(name);
  if (taken === undefined || taken === self?.id) return name;
  if (mailbox.labels.get(taken)?.type === 'system') throw invalidArgument('Invalid label name');
  throw conflict('Label name exists or conflicts');
}

function appearance(body: Json): Partial<LabelDefinition> {
  const messageListVisibility = oneOf(body, 'messageListVisibility', ['show', 'hide']);
  const labelListVisibility = oneOf(body, 'labelListVisibility', ['labelShow', 'labelShowIfUnread', 'labelHide']);
  const color = colorOf(object(body, 'color'));
  return {
    ...(messageListVisibility ? { messageListVisibility } : {}),
    ...(labelListVisibility ? { labelListVisibility } : {}),
    ...(color ? { color } : {}),
  };
}

function colorOf(color: Json | undefined): LabelDefinition['color'] {
  if (!color) return undefined;
  const [textColor, backgroundColor] = [text(color, 'textColor'), text(color, 'backgroundColor')];
  if (!textColor || !backgroundColor) throw invalidArgument('Label color needs both a text and a background color');
  for (const hex of [textColor, backgroundColor])
    if (!LABEL_COLORS.has(hex.toLowerCase()))
      throw invalidArgument(`Label color ${hex} is not on the allowed color palette`);
  return { textColor, backgroundColor };
}
