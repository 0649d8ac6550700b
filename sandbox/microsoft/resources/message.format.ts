import type { Message, Recipient, SingleValueLegacyExtendedProperty } from '@microsoft/microsoft-graph-types';
import type { Person } from '../../mail/mail.ts';
import type { Item } from '../mailbox/item.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { Model, Shape } from '../wire/odata.ts';
import { ATTACHMENT, formatAttachment } from './attachment.format.ts';
import { bodyAs, uniquePart } from './body.ts';
import { extendedProperties } from './extended.ts';

/** The representation of messages that a caller requests. */
export interface View {
  readonly mailbox: Mailbox;
  readonly immutableIds: boolean;
  readonly bodyType: 'text' | 'html' | null;
  /** Whether the token has Mail.ReadBasic alone, which allows no content of messages. */
  readonly basicOnly: boolean;
}

type Annotated<T> = T & { '@odata.etag'?: string; '@odata.type'?: string };

type Property = Exclude<
  keyof Message,
  'attachments' | 'extensions' | 'multiValueExtendedProperties' | 'singleValueExtendedProperties'
>;
type Getters = { readonly [K in Property]: (item: Item, view: View) => Message[K] };

const GETTERS: Getters = {
  id: (item, view) => (view.immutableIds ? item.immutableId : item.id),
  createdDateTime: (item) => seconds(item.createdAt),
  lastModifiedDateTime: (item) => seconds(item.modifiedAt),
  changeKey: (item) => item.changeKey,
  categories: (item) => item.categories,
  receivedDateTime: (item) => seconds(item.receivedAt),
  sentDateTime: (item) => seconds(item.content.envelope.date ?? item.receivedAt),
  hasAttachments: (item) => item.content.envelope.hasAttachment,
  internetMessageId: (item) => item.content.envelope.messageId,
  subject: (item) => item.content.envelope.subject,
  bodyPreview: (item) => item.content.envelope.bodyPreview.slice(0, 255),
  importance: (item) => item.importance,
  parentFolderId: (item) => item.folder.id,
  conversationId: (item, view) => view.mailbox.conversation(item).id,
  conversationIndex: (item, view) => view.mailbox.conversation(item).index,
  isDeliveryReceiptRequested: (item) => (item.isDraft ? false : null),
  isReadReceiptRequested: () => false,
  isRead: (item) => item.isRead,
  isDraft: (item) => item.isDraft,
  webLink: (item) =>
    `https://outlook.office365.com/owa/?ItemID=${encodeURIComponent(item.id)}&exvsurl=1&viewmodel=ReadMessageItem`,
  inferenceClassification: (item) => item.inferenceClassification,
  body: (item, view) => bodyAs(item.content.body(), view.bodyType),
  uniqueBody: (item, view) => uniquePart(bodyAs(item.content.body(), view.bodyType)),
  sender: (item) => recipient(item.content.envelope.sender ?? item.content.envelope.from),
  from: (item) => recipient(item.content.envelope.from ?? item.content.envelope.sender),
  toRecipients: (item) => item.content.envelope.to.map(recipientOf),
  ccRecipients: (item) => item.content.envelope.cc.map(recipientOf),
  bccRecipients: (item) => item.content.envelope.bcc.map(recipientOf),
  replyTo: (item) => item.content.envelope.replyTo.map(recipientOf),
  flag: (item) => item.flag,
  internetMessageHeaders: (item) => item.content.headers(),
};

export const MESSAGE: Model = {
  typeName: 'message',
  properties: new Set(Object.keys(GETTERS)),
  navigations: new Set(['attachments', 'extensions', 'singleValueExtendedProperties', 'multiValueExtendedProperties']),
  expanded: { attachments: ATTACHMENT },
  opaque: new Set(['toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo']),
};

/** Properties that are returned only when $select names them. */
const ON_REQUEST: ReadonlySet<string> = new Set(['internetMessageHeaders', 'uniqueBody']);
/** The properties that Mail.ReadBasic does not allow. */
const BEYOND_BASIC: ReadonlySet<string> = new Set(['body', 'bodyPreview', 'uniqueBody']);
const DEFAULTS = Object.keys(GETTERS).filter((name) => !ON_REQUEST.has(name));
/** Dates are stored in milliseconds and shown in seconds. Filters and sorts compare the stored values. */
const EXACT: Readonly<Record<string, (item: Item) => Date>> = {
  receivedDateTime: (item) => item.receivedAt,
  sentDateTime: (item) => item.content.envelope.date ?? item.receivedAt,
  createdDateTime: (item) => item.createdAt,
  lastModifiedDateTime: (item) => item.modifiedAt,
};

/** Reads one property for $filter and $orderby. */
export function readProperty(item: Item, name: string, view: View): unknown {
  const exact = EXACT[name];
  if (exact) return exact(item);
  if (name === 'singleValueExtendedProperties') return extendedProperties(item, null);
  return name in GETTERS ? GETTERS[name as Property](item, view) : null;
}

export function formatMessage(item: Item, shape: Shape, view: View): Annotated<Message> {
  const names = shape.select === null ? DEFAULTS : [...new Set(['id', ...shape.select])];
  const shown: Record<string, unknown> = { '@odata.etag': item.etag };
  for (const name of names)
    if (!(view.basicOnly && BEYOND_BASIC.has(name))) shown[name] = GETTERS[name as Property](item, view);
  for (const [name, expansion] of shape.expand) {
    if (name === 'attachments' && !view.basicOnly)
      shown[name] = item.content
        .attachments()
        .map((attachment) => formatAttachment(item, attachment, expansion.select, true));
    if (name === 'singleValueExtendedProperties') {
      const found: SingleValueLegacyExtendedProperty[] = extendedProperties(item, expansion.filter);
      if (found.length > 0) shown[name] = found;
    }
    if (name === 'extensions') shown[name] = [];
  }
  return shown as Annotated<Message>;
}

const seconds = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;

const recipientOf = ({ name, address }: Person): Recipient => ({ emailAddress: { name: name || address, address } });
const recipient = (person: Person | null): Recipient | null => (person ? recipientOf(person) : null);
