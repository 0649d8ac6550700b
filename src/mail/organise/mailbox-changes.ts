import { isBlank } from '../../domain/blank.ts';
import { isMailError, MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Mailbox, MailboxKind } from '../../domain/mailbox.ts';
import { isOneLine, steersDirection } from '../../domain/one-line.ts';
import type { MailboxPatch } from '../../providers/contract/mail-session.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import { type FieldPath, invalid, withErrorField } from '../account/input-error.ts';
import type { MailAccount } from '../account/mail-account.ts';

/** A folder or label to create. */
export interface NewMailbox {
  readonly name: string;
  /** Absent: the kind that users of this account file messages in. */
  readonly kind?: MailboxKind | null;
  /** The global id of the parent. Absent: the top level. */
  readonly parent?: string | null;
  readonly color?: string | null;
}

/** Absent fields are not changed. A null parent is the top level, and a null colour is no colour. */
export type MailboxUpdate = Partial<Pick<NewMailbox, 'parent' | 'color'>> & { readonly name?: string | null };

const MAX_NAME_LENGTH = 225;
type Ability = keyof Capabilities['mailboxes'];
const REFUSALS: Record<Ability, (kind: string) => string> = {
  create: (kind) => `cannot create ${kind}s`,
  rename: (kind) => `cannot rename a ${kind}`,
  nest: (kind) => `cannot put a ${kind} inside another one`,
  color: (kind) => `has no colours for ${kind}s`,
};

/**
 * Creates, changes and deletes the mailboxes of one account. Unsupported changes are refused without a request to the
 * provider.
 */
export class MailboxChanges {
  constructor(private readonly account: MailAccount) {}

  async create({ name, kind, parent, color }: NewMailbox): Promise<Mailbox> {
    const chosen = kind ?? this.account.capabilities.mailboxes.create[0] ?? 'FOLDER';
    this.demand('create', chosen, ['kind']);
    const patch: MailboxPatch = {
      id: null,
      kind: chosen,
      name: checkName(name),
      ...(parent != null && { parentId: await this.parentId(parent, chosen, null) }),
      ...(color != null && { color: this.color(color, chosen) }),
    };
    return this.save(patch);
  }

  async update(id: string, { name, parent, color }: MailboxUpdate): Promise<Mailbox> {
    const mailbox = await this.own(id, 'changed');
    if (name != null) this.demand('rename', mailbox.kind, ['name']);
    const parentId = parent === undefined ? undefined : await this.parentId(parent, mailbox.kind, mailbox);
    const patch: MailboxPatch = {
      id,
      ...(name != null && { name: checkName(name) }),
      ...(parentId !== undefined && { parentId }),
      ...(color !== undefined && { color: this.color(color, mailbox.kind) }),
    };
    if (Object.keys(patch).length === 1)
      throw new MailError('INVALID', 'Give at least one change: name, parent or color.');
    return this.save(patch);
  }

  async delete(id: string): Promise<void> {
    const mailbox = await this.own(id, 'deleted');
    const inTrash = (await this.above(mailbox.parentId)).find(({ role }) => role === 'TRASH');
    // A call that is repeated because its answer was lost must not permanently delete what the first call moved to the
    // trash.
    if (inTrash) {
      const message = `"${mailbox.name}" is already in "${inTrash.name}". Deleting it there would permanently delete it and its messages.`;
      throw invalid(message, ['mailbox']);
    }
    await this.named(['mailbox'], () => this.account.write((session, call) => session.deleteMailbox(id, call)));
    this.account.mailboxes.forget();
  }

  private async save(patch: MailboxPatch): Promise<Mailbox> {
    const field = patch.name === undefined ? 'mailbox' : 'name';
    const saved = await this.named([field], () =>
      this.account.write((session, call) => session.saveMailbox(patch, call)),
    );
    this.account.mailboxes.forget();
    return saved;
  }

  /** The mailbox, which must be one that the user created. */
  private async own(id: string, done: 'changed' | 'deleted'): Promise<Mailbox> {
    const mailbox = await this.account.mailboxes.find(id);
    if (!mailbox) throw new MailError('NOT_FOUND', 'There is no such mailbox.', { field: ['mailbox'] });
    if (mailbox.role === null) return mailbox;
    throw invalid(`"${mailbox.name}" is a system mailbox (${mailbox.role}): it cannot be ${done}.`, ['mailbox']);
  }

  private async parentId(parent: string | null, kind: MailboxKind, moved: Mailbox | null): Promise<string | null> {
    this.demand('nest', kind, ['parent']);
    if (parent === null) return null;
    return withErrorField(['parent'], async () => {
      const { integrationId, providerId } = accountId(parent, 'Mailbox');
      if (integrationId !== this.account.id) throw new MailError('INVALID', 'The parent is in another account.');
      const [found, ...others] = await this.above(providerId);
      if (!found) throw new MailError('NOT_FOUND', 'There is no such mailbox.');
      if (found.kind !== kind)
        throw new MailError(
          'INVALID',
          `The parent of a ${kind} must be a ${kind}; "${found.name}" is a ${found.kind}.`,
        );
      if ([found, ...others].some(({ id }) => id === moved?.id))
        throw new MailError('INVALID', 'A mailbox cannot be inside itself.');
      return providerId;
    });
  }

  /** The mailbox with this id and its ancestors, up to the top level. Empty when it does not exist. */
  private async above(id: string | null): Promise<readonly Mailbox[]> {
    const all = new Map((await this.account.mailboxes.all()).map((mailbox) => [mailbox.id, mailbox]));
    const chain = new Set<Mailbox>();
    for (let next = all.get(id ?? ''); next && !chain.has(next); next = all.get(next.parentId ?? '')) chain.add(next);
    return [...chain];
  }

  /**
   * Runs a request that the provider may refuse, and translates the field of the error to the field of the input. Only the
   * provider recognises system mailboxes without a role, so its FORBIDDEN for the mailbox becomes INVALID; a FORBIDDEN for
   * the account stays.
   */
  private async named<T>(field: FieldPath, work: () => Promise<T>): Promise<T> {
    return withErrorField(field, work).catch((error: unknown) => {
      if (!isMailError(error)) throw error;
      if (error.code === 'FORBIDDEN' && error.field?.[0] === 'id')
        throw new MailError('INVALID', error.message, { field: ['mailbox'], cause: error });
      if (error.field?.[0] !== 'parentId') throw error;
      throw new MailError(error.code, error.message, { field: ['parent'], cause: error });
    });
  }

  private color(color: string | null, kind: MailboxKind): string | null {
    this.demand('color', kind, ['color']);
    if (color !== null && !/^#[\da-f]{6}$/i.test(color)) throw invalid('A colour is written as #rrggbb.', ['color']);
    return color?.toLowerCase() ?? null;
  }

  private demand(ability: Ability, kind: MailboxKind, field: readonly string[]): void {
    if (this.account.capabilities.mailboxes[ability].includes(kind)) return;
    const { address } = this.account.integration;
    throw new MailError('UNSUPPORTED', `${address} ${REFUSALS[ability](kind.toLowerCase())}.`, { field });
  }
}

/** Returns the changes to the mailboxes of an account. */
export type MailboxChangesOf = (account: MailAccount) => MailboxChanges;

function checkName(name: string): string {
  const trimmed = name.trim();
  if (isBlank(trimmed)) throw invalid('A mailbox needs a name.', ['name']);
  if (!isOneLine(trimmed)) throw invalid('A name must not contain a line break or a control character.', ['name']);
  if (steersDirection(trimmed))
    throw invalid('A name must not contain a character that changes the direction of text.', ['name']);
  if (trimmed.length > MAX_NAME_LENGTH)
    throw invalid(`A name has at most ${MAX_NAME_LENGTH} characters; this has ${trimmed.length}.`, ['name']);
  return trimmed;
}
