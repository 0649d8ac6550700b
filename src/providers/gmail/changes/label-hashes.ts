import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../../domain/error.ts';
import { shortHash } from '../../../platform/short-hash.ts';
import type { Call } from '../../contract/call.ts';
import { isUserLabel, listLabels, toMailboxes } from '../read/labels.ts';
import type { GmailClient } from '../wire/client.ts';

/** The fields of a label that are hashed or that identify it as a mailbox. */
const LABEL_FIELDS = 'labels(id,name,type,color/backgroundColor)';

type Label = gmail_v1.Schema$Label;

/** What a cursor remembers of the labels. */
export interface LabelHashes {
  /** A short hash of each label, by its id. */
  readonly labels: Readonly<Record<string, string>>;
  /** True when the hashes have a label's place below other labels. Those of earlier releases have its own name and colour alone. */
  readonly nested: boolean;
  /** See LabelReading. 0: never, or it is not known. */
  readonly readAt: number;
}

interface LabelReading {
  readonly labels: readonly Label[];
  /** When the read began, in seconds since 1970. A label that was changed after that may have been listed as it was before. */
  readonly readAt: number;
}

/**
 * How old the names of labels may be when a notification is followed, in seconds: no history and no notification reports a new
 * one. An account that is then silent is read within three minutes, so that no name stays unknown for more than five.
 */
const MAX_AGE_SECONDS = 120;

/** Whether the labels must be read again, because it is a while ago or because this session has changed one since. */
export function areLabelsDue(
  { labelsWrittenAt }: Pick<GmailClient, 'labelsWrittenAt'>,
  { readAt }: LabelHashes,
): boolean {
  const now = seconds();
  // A clock that was set back must not make them last.
  return readAt > now || now - readAt >= MAX_AGE_SECONDS || labelsWrittenAt >= readAt;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Reads the labels. Null: they could not be read, which must not delay the mail. */
export async function readLabels(client: GmailClient, call: Call): Promise<LabelReading | null> {
  const readAt = seconds();
  try {
    return { labels: await listLabels(client, call, LABEL_FIELDS), readAt };
  } catch (error) {
    if (isMailError(error)) return null;
    throw error;
  }
}

/** The hashes of labels that were read. Null: they could not be read. */
export const labelHashes = (reading: LabelReading | null): LabelHashes => ({
  labels: hashesOf(reading?.labels ?? [], true),
  nested: true,
  readAt: reading?.readAt ?? 0,
});

/** Whether a history names a label that did not exist when the labels were read. */
export function namesUnknownLabel(
  records: readonly gmail_v1.Schema$History[],
  { labels }: Pick<LabelHashes, 'labels'>,
): boolean {
  const isUnknown = (id: string) => isUserLabel(id) && labels[id] === undefined;
  return records.some(({ messagesAdded = [], labelsAdded = [] }) =>
    [...messagesAdded.map(({ message }) => message?.labelIds), ...labelsAdded.map(({ labelIds }) => labelIds)].some(
      (ids) => ids?.some(isUnknown),
    ),
  );
}

/**
 * Returns the ids of the labels that were created, changed or deleted. Hashes of an earlier release are compared with hashes
 * of the same kind, because a change of the kind is no change of the labels.
 */
export function changedLabels({ labels: before, nested }: LabelHashes, labels: readonly Label[]): string[] {
  const now = hashesOf(labels, nested);
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((id) => before[id] !== now[id]);
}

/**
 * The name of a mailbox and its parent follow from the names of other labels too: A/B is B inside A while a label A exists,
 * and renaming A by the API renames no A/B. A label that is inside no other has the same hash in both kinds, so that instances
 * of two releases, which run side by side during a release, report few labels as changed.
 */
function hashesOf(labels: readonly Label[], nested: boolean): LabelHashes['labels'] {
  const mailboxes = nested ? toMailboxes(labels) : [];
  const inside = new Map(mailboxes.flatMap(({ id, name, parentId }) => (parentId ? [[id, [parentId, name]]] : [])));
  return Object.fromEntries(
    labels.map(({ id, name, color }) => [
      id,
      shortHash(JSON.stringify([name, color?.backgroundColor, ...(inside.get(id ?? '') ?? [])]), 5),
    ]),
  );
}
