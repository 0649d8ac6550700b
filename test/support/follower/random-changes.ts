import { mailOf } from '../../../sandbox/control/deliver.ts';
import { delivery, parseInput } from '../../../sandbox/control/input.ts';
import type { Sandbox } from '../../../sandbox/start.ts';
import type { Emulator } from '../../../sandbox/world.ts';
import type { Chance } from '../search-oracle/random.ts';
import { type Draft, type OtherClient, otherClient } from './other-client.ts';
import { truthOf } from './truth.ts';

const DAY_MS = 86_400_000;
/** Categories of the built-in mail. A message can have others too, of which no list of mailboxes knows. */
const CATEGORIES = ['Decisions', 'Finance', 'Company'];
/** The changes with their relative frequency. */
const CHANGES = [
  ['deliver', 28],
  ['mark', 24],
  ['place', 12],
  ['move', 9],
  ['label', 9],
  ['delete', 4],
  ['createMailbox', 3],
  ['renameMailbox', 3],
  ['deleteMailbox', 2],
  ['createDraft', 2],
  ['saveDraft', 3],
  ['deleteDraft', 1],
] as const satisfies readonly (readonly [string, number])[];
type Change = (typeof CHANGES)[number][0];
const LOTS: readonly Change[] = CHANGES.flatMap(([kind, weight]) => Array<Change>(weight).fill(kind));

/** Changes one account at random, as its owner's other programs and the people who write to them would. */
export class RandomChanges {
  /** Every message that was ever there, and each of those that were delivered since the beginning. */
  readonly existed = new Set<string>();
  readonly delivered = new Set<string>();
  /** Those of them that carry an old date, as imported mail does. */
  readonly backdated = new Set<string>();
  readonly mailboxesEver = new Set<string>();
  private readonly emulator: Emulator;
  private readonly client: OtherClient;
  private messages: string[] = [];
  private drafts: Draft[] = [];
  private mailboxes: string[] = [];
  private labels: string[] = [];
  private named = 0;

  constructor(
    private readonly sandbox: Sandbox,
    readonly vendor: string,
    readonly address: string,
    private readonly chance: Chance,
  ) {
    this.emulator = sandbox.emulator(vendor);
    this.client = otherClient(sandbox, vendor, address);
    this.lookAround();
  }

  async change(): Promise<void> {
    await this.make(this.chance.one(LOTS));
  }

  /** Delivers a message and returns its id. A few carry an old date, as imported mail does, and some are filed by a rule. */
  deliver(given: Record<string, unknown> = {}): string {
    const { chance } = this;
    const isBackdated = chance.is(0.1);
    const name = `${this.vendor} ${++this.named}`;
    const mail = {
      vendor: this.vendor,
      from: 'ada@mail.example',
      subject: name,
      text: 'x',
      isRead: chance.is(0.2),
      isStarred: chance.is(0.1),
      isImportant: chance.is(0.1),
      mailbox: chance.is(0.8) ? 'inbox' : chance.one(['archive', 'junk', 'trash']),
      labels: this.vendor === 'google' || chance.is(0.8) ? [] : [chance.one(CATEGORIES)],
      ...(isBackdated && { receivedAt: new Date(Date.now() - (1 + chance.below(400)) * DAY_MS) }),
      ...given,
    };
    const id = this.emulator.deliver(this.address, mailOf(parseInput(delivery, mail), this.address, new Date()));
    this.existed.add(id);
    this.delivered.add(id);
    if (isBackdated) this.backdated.add(id);
    this.messages.push(id);
    return id;
  }

  private async make(kind: Change): Promise<unknown> {
    const { chance, client, messages, mailboxes, drafts } = this;
    if (kind === 'deliver' || messages.length < 5) return this.deliver();
    const message = chance.one(messages);
    switch (kind) {
      case 'mark': {
        if (chance.is(0.1)) return client.important(message, chance.is(0.5));
        return this.touch(message, chance.one(['read', 'read', 'unread', 'star', 'unstar']));
      }
      case 'place':
        return this.touch(message, chance.one(['archive', 'trash', 'inbox', 'inbox']));
      case 'move':
        return mailboxes.length > 0 && client.move(message, chance.one(mailboxes));
      case 'label': {
        const labels = this.vendor === 'google' ? this.labels : CATEGORIES;
        return labels.length > 0 && client.label(message, chance.one(labels), chance.is(0.6));
      }
      case 'delete': {
        this.messages = messages.filter((id) => id !== message);
        return this.touch(message, 'delete');
      }
      case 'createMailbox': {
        if (mailboxes.length >= 12) return null;
        this.mailboxes.push(await client.createMailbox(this.name('made')));
        return this.lookAround();
      }
      case 'renameMailbox':
        return mailboxes.length > 0 && client.renameMailbox(chance.one(mailboxes), this.name('renamed'));
      case 'deleteMailbox': {
        if (mailboxes.length < 2) return null;
        await client.deleteMailbox(chance.one(mailboxes));
        return this.lookAround();
      }
      case 'createDraft': {
        const draft = await client.createDraft(this.name('draft'));
        this.existed.add(draft.messageId);
        return this.drafts.push(draft);
      }
      case 'saveDraft': {
        if (drafts.length === 0) return null;
        const at = chance.below(drafts.length);
        const saved = await client.saveDraft(drafts[at] as Draft, this.name('saved'));
        this.existed.add(saved.messageId);
        this.drafts[at] = saved;
        return null;
      }
      case 'deleteDraft': {
        const [draft] = drafts.splice(0, 1);
        return draft && client.deleteDraft(draft);
      }
    }
  }

  private touch(id: string, change: string): void {
    this.emulator.touch(this.address, id, change);
  }

  private name(prefix: string): string {
    return `${prefix} ${++this.named}`;
  }

  /** A deleted folder may have taken messages with it. */
  private lookAround(): void {
    const { messages, mailboxes } = truthOf(this.sandbox, this.vendor, this.address);
    this.messages = [...messages].flatMap(([id, message]) => (message?.isDraft ? [] : id));
    for (const id of messages.keys()) this.existed.add(id);
    this.mailboxes = [...mailboxes.keys()];
    for (const id of this.mailboxes) this.mailboxesEver.add(id);
    this.labels = this.vendor === 'google' ? this.mailboxes : [];
  }
}
