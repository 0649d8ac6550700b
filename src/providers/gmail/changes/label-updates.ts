import type { ChangeDetail } from '../../contract/change-detail.ts';
import { mailboxIdsOf } from '../read/labels.ts';

/** Labels that are flags of a Message, with the flag's value when the label is set. */
const FLAGS = [
  ['UNREAD', 'isRead', false],
  ['STARRED', 'isStarred', true],
  ['IMPORTANT', 'isImportant', true],
  ['DRAFT', 'isDraft', true],
] as const;

/** The label changes of one message in a history. */
export class LabelUpdates {
  /** Whether the last record that named a label added it. */
  private readonly isAdded = new Map<string, boolean>();
  private isKnown = true;

  /** Notes one record. Records come in their order, so a label that was added and removed again counts as removed. */
  note(labelIds: readonly string[] | null | undefined, isAdded: boolean): void {
    if (!labelIds?.length) this.isKnown = false;
    for (const id of labelIds ?? []) this.isAdded.set(id, isAdded);
  }

  /** Null where a record did not say which labels it changed. */
  detail(): ChangeDetail | null {
    if (!this.isKnown) return null;
    const labels = (isAdded: boolean) => [...this.isAdded].flatMap(([id, added]) => (added === isAdded ? id : []));
    const flags = FLAGS.flatMap(([label, flag, whenSet]) => {
      const isSet = this.isAdded.get(label);
      return isSet === undefined ? [] : [[flag, isSet ? whenSet : !whenSet] as const];
    });
    return {
      mailboxIdsAdded: mailboxIdsOf(labels(true)),
      mailboxIdsRemoved: mailboxIdsOf(labels(false)),
      ...Object.fromEntries(flags),
    };
  }
}
