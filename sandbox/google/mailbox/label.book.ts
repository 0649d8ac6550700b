import { createHash } from 'node:crypto';

export interface LabelDefinition {
  readonly id: string;
  name: string;
  readonly type: 'system' | 'user';
  messageListVisibility?: 'show' | 'hide';
  labelListVisibility?: 'labelShow' | 'labelShowIfUnread' | 'labelHide';
  color?: { textColor: string; backgroundColor: string };
}

const SHOWN = ['INBOX', 'SENT', 'DRAFT', 'STARRED', 'UNREAD'];
const HIDDEN = [
  'CHAT',
  'IMPORTANT',
  'TRASH',
  'SPAM',
  'CATEGORY_FORUMS',
  'CATEGORY_UPDATES',
  'CATEGORY_PERSONAL',
  'CATEGORY_PROMOTIONS',
  'CATEGORY_SOCIAL',
];

/** Gmail has listed the stars that a person can choose as system labels since 2025 (gauteh/lieer#304). */
const STARS = [
  'YELLOW_STAR',
  'ORANGE_STAR',
  'RED_STAR',
  'PURPLE_STAR',
  'BLUE_STAR',
  'GREEN_STAR',
  'RED_BANG',
  'YELLOW_BANG',
  'ORANGE_GUILLEMET',
  'GREEN_CHECK',
  'BLUE_INFO',
  'PURPLE_QUESTION',
];

/** The labels of one mailbox: the system's, whose names are their ids, and the user's. */
export class LabelBook {
  readonly #byId = new Map<string, LabelDefinition>();
  readonly #idByName = new Map<string, string>();

  constructor() {
    for (const id of HIDDEN)
      this.#add({ id, name: id, type: 'system', messageListVisibility: 'hide', labelListVisibility: 'labelHide' });
    for (const id of [...SHOWN, ...STARS]) this.#add({ id, name: id, type: 'system' });
  }

  all(): readonly LabelDefinition[] {
    return [...this.#byId.values()];
  }

  get(id: string): LabelDefinition | undefined {
    return this.#byId.get(id);
  }

  /** Names are compared without regard to case, as Gmail does. */
  idOf(name: string): string | undefined {
    return this.#idByName.get(name.toLowerCase());
  }

  create(name: string): LabelDefinition {
    // The id is derived from the name, so that a label has the same id at each start.
    let number = BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 15)}`);
    while (this.#byId.has(`Label_${number}`)) number += 1n;
    return this.#add({ id: `Label_${number}`, name, type: 'user' });
  }

  ensure(name: string): string {
    return this.idOf(name) ?? this.create(name).id;
  }

  /** Restores a label as it was before the restart. */
  putBack(label: LabelDefinition): void {
    const known = this.#byId.get(label.id);
    if (known) this.delete(known);
    this.#add(label);
  }

  rename(label: LabelDefinition, name: string): void {
    this.#forgetName(label);
    label.name = name;
    this.#idByName.set(name.toLowerCase(), label.id);
  }

  delete(label: LabelDefinition): void {
    this.#byId.delete(label.id);
    this.#forgetName(label);
  }

  /** While labels are restored one by one, another label may still have the name. */
  #forgetName({ id, name }: LabelDefinition): void {
    if (this.idOf(name) === id) this.#idByName.delete(name.toLowerCase());
  }

  #add(label: LabelDefinition): LabelDefinition {
    this.#byId.set(label.id, label);
    this.#idByName.set(label.name.toLowerCase(), label.id);
    return label;
  }
}
