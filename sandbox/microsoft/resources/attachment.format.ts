import type { FileAttachment, ItemAttachment } from '@microsoft/microsoft-graph-types';
import type { StoredAttachment } from '../mailbox/content.ts';
import { attachmentId } from '../mailbox/ids.ts';
import type { Item } from '../mailbox/item.ts';
import type { Model } from '../wire/odata.ts';

export const ATTACHMENT: Model = {
  typeName: 'attachment',
  properties: new Set([
    'id',
    'lastModifiedDateTime',
    'name',
    'contentType',
    'size',
    'isInline',
    'contentId',
    'contentLocation',
    'contentBytes',
  ]),
  navigations: new Set(['item']),
  derived: new Map([
    ['contentId', 'fileAttachment'],
    ['contentLocation', 'fileAttachment'],
    ['contentBytes', 'fileAttachment'],
    ['item', 'itemAttachment'],
  ]),
};

type Shown = (FileAttachment | ItemAttachment) & { '@odata.type': string; '@odata.mediaContentType'?: string };

/** Returns a file with its bytes unless $select omits them, and an attached message without its content. */
export function formatAttachment(
  item: Item,
  attachment: StoredAttachment,
  select: readonly string[] | null,
  withBytes: boolean,
): Shown {
  const wants = (name: string) => select === null || select.includes(name);
  const shown: Record<string, unknown> = {
    '@odata.type': attachment.kind === 'file' ? '#microsoft.graph.fileAttachment' : '#microsoft.graph.itemAttachment',
    id: attachmentId(item.immutableId, attachment.number),
  };
  if (attachment.kind === 'file') shown['@odata.mediaContentType'] = attachment.contentType;
  const common: Record<string, unknown> = {
    lastModifiedDateTime: `${attachment.addedAt.toISOString().slice(0, 19)}Z`,
    name: attachment.name,
    contentType: attachment.kind === 'file' ? attachment.contentType : null,
    size: attachment.size,
    isInline: attachment.isInline,
  };
  for (const [name, value] of Object.entries(common)) if (wants(name)) shown[name] = value;
  if (attachment.kind === 'file') {
    if (wants('contentId')) shown.contentId = attachment.contentId;
    if (wants('contentLocation')) shown.contentLocation = null;
    if (withBytes && wants('contentBytes')) shown.contentBytes = attachment.bytes().toString('base64');
  }
  return shown as unknown as Shown;
}
