import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { Mailbox, MailboxRole } from '../../../domain/mailbox.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import type { Call } from '../../contract/call.ts';
import type { GmailClient } from '../wire/client.ts';

/**
 * The system labels that are mailboxes, by id, since their names are localised or equal to the id. The categories are the tabs
 * of Gmail's inbox. They count as mailboxes because people file by them. Gmail has no label for all mail or for the archive.
 */
export const SYSTEM_LABELS: ReadonlyMap<string, { readonly name: string; readonly role: MailboxRole | null }> = new Map(
  [
    ['INBOX', { name: 'Inbox', role: 'INBOX' }],
    ['SENT', { name: 'Sent', role: 'SENT' }],
    ['DRAFT', { name: 'Drafts', role: 'DRAFTS' }],
    ['TRASH', { name: 'Trash', role: 'TRASH' }],
    ['SPAM', { name: 'Spam', role: 'JUNK' }],
    ['STARRED', { name: 'Starred', role: 'STARRED' }],
    ['IMPORTANT', { name: 'Important', role: 'IMPORTANT' }],
    ['CATEGORY_PERSONAL', { name: 'Primary', role: null }],
    ['CATEGORY_SOCIAL', { name: 'Social', role: null }],
    ['CATEGORY_PROMOTIONS', { name: 'Promotions', role: null }],
    ['CATEGORY_UPDATES', { name: 'Updates', role: null }],
    ['CATEGORY_FORUMS', { name: 'Forums', role: null }],
  ],
);

/**
 * Every other system label is a flag or has no meaning for a reader: UNREAD, CHAT, YELLOW_STAR and the other stars (listed
 * since 2025, gauteh/lieer#304), and what Gmail adds in the future. Ids of the user's labels are in mixed case: Label_12.
 */
const isSystemId = (id: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(id);

export const isUserLabel = (id: string): boolean => !isSystemId(id);

export const isMailbox = (labelId: string): boolean => SYSTEM_LABELS.has(labelId) || isUserLabel(labelId);

/** The labels whose messages a list of the whole account leaves out. */
export const HIDDEN_LABELS: ReadonlySet<string> = new Set(['TRASH', 'SPAM']);

/** The labels that are mailboxes. An archived message without user labels has none. */
export const mailboxIdsOf = (labelIds: readonly string[]): string[] => labelIds.filter(isMailbox);

/** Lists the labels that are mailboxes. `fields` limits the answer and must include each label's `id` and `type`. */
export async function listLabels(
  client: GmailClient,
  call: Call,
  fields?: string,
): Promise<readonly gmail_v1.Schema$Label[]> {
  const { labels } = await client.request('labels.list', call, (users, options) =>
    users.labels.list({ userId: 'me', ...(fields === undefined ? {} : { fields }) }, options),
  );
  return (labels ?? []).filter(({ id, type }) => id && (type === 'system' ? SYSTEM_LABELS.has(id) : isMailbox(id)));
}

/** The roles that labels have. ALL and ARCHIVE are missing, because Gmail has no labels for them. */
export const LABEL_ROLES: readonly MailboxRole[] = [...SYSTEM_LABELS.values()].flatMap(({ role }) => role ?? []);

/** Converts labels to mailboxes. A label named A/B is inside A where a label A exists; the nearest existing one is the parent. */
export function toMailboxes(labels: readonly gmail_v1.Schema$Label[]): readonly Mailbox[] {
  const idByName = new Map(
    labels.flatMap(({ id, name, type }) => (id && name && type !== 'system' ? [[name, id]] : [])),
  );
  return labels.flatMap((label): Mailbox[] => {
    const id = label.id;
    if (!id) return [];
    const known = SYSTEM_LABELS.get(id);
    const fullName = label.name ?? id;
    const parent = known ? null : parentName(fullName, idByName);
    return [
      {
        id,
        name: known?.name ?? (toOneLine(parent === null ? fullName : fullName.slice(parent.length + 1)) || id),
        kind: 'LABEL',
        role: known?.role ?? null,
        parentId: parent === null ? null : (idByName.get(parent) ?? null),
        color: hexColor(label.color?.backgroundColor),
        totalMessages: null,
        unreadMessages: null,
      },
    ];
  });
}

/** The name of a system label; undefined for a user's label. */
export const systemName = (id: string): string | undefined =>
  SYSTEM_LABELS.get(id)?.name ?? (isSystemId(id) ? id : undefined);

function parentName(name: string, idByName: ReadonlyMap<string, string>): string | null {
  for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
    const candidate = name.slice(0, slash);
    if (slash < name.length - 1 && idByName.has(candidate)) return candidate;
  }
  return null;
}

const hexColor = (value: string | null | undefined): string | null =>
  value && /^#[0-9a-f]{6}$/i.test(value) ? value.toLowerCase() : null;
