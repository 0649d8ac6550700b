import type { ChangeDetail } from '../../contract/change-detail.ts';
import { mailboxIdsOf } from '../read/labels.ts';

/** Labels that are flags of a Message, with the value of the flag where the label is set. */
const FLAGS = [
  ['UNREAD', 'isRead', false],
  ['STARRED', 'isStarred', true],
  ['IMPORTANT', 'isImportant', true],
  ['DRAFT', 'isDraft', true],
] as const;

/** What the records of a history did to the labels of one message. */
export class LabelUpdates {
  /** Whether the last record that named a label added it. */
  private readonly isAdded = new Map<string, boolean>();
  private isKnown = true;

  /** In the order of the records: a label that was added and removed again is removed. */
  note(labelIds: readonly string[] | null | undefined, isAdded: boolean): void {
    if (!labelIds?.length) this.isKnown = false;
    for (const id of labelIds ?? []) this.isAdded.set(id, isAdded);
  }

  /** Null where a record did not say which labels it changed. */
  detail(): ChangeDetail | null {
    if (!this.isKnown) return null;
    const those = (isAdded: boolean) => [...this.isAdded].flatMap(([id, added]) => (added === isAdded ? id : []));
    const flags = FLAGS.flatMap(([label, flag, whenSet]) => {
      const isSet = this.isAdded.get(label);
      return isSet === undefined ? [] : [[flag, isSet ? whenSet : !whenSet] as const];
    });
    return {
      mailboxIdsAdded: mailboxIdsOf(those(true)),
      mailboxIdsRemoved: mailboxIdsOf(those(false)),
      ...Object.fromEntries(flags),
    };
  }
}
