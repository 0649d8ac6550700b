import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Call } from '../../contract/call.ts';
import type { MailboxPatch } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { LabelTree } from '../read/label-tree.ts';
import { listLabels, systemName, toMailboxes } from '../read/labels.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { nearestColor } from './label-colors.ts';

type Label = gmail_v1.Schema$Label;

/**
 * Creates or changes a label. The name of a label inside another one contains the parent's name: "Parent/Child". Gmail's API
 * renames a single label only, so this renames the labels below it too, the deepest first. If that is interrupted, repeating the
 * call completes it.
 */
export async function saveMailbox(client: GmailClient, patch: MailboxPatch, call: Call): Promise<Mailbox> {
  requireWrite(client.options.access);
  if (patch.kind === 'FOLDER')
    throw new MailError('UNSUPPORTED', 'Gmail has labels and no folders.', { field: ['kind'] });
  if (patch.id !== null) refuseSystem(patch.id, 'changed');
  return noted(client, () => save(client, patch, call));
}

async function save(client: GmailClient, patch: MailboxPatch, call: Call): Promise<Mailbox> {
  const color = colorOf(patch.color);
  const labels = await listLabels(client, call);
  const tree = new LabelTree(labels);
  const saved =
    patch.id === null
      ? await create(client, tree.nameFor(null, patch), color, call)
      : await change(client, tree, patch.id, patch, color, call);
  // The labels read before suffice to find the parent, because renamed labels keep their ids.
  const mailboxes = toMailboxes([...labels.filter(({ id }) => id !== saved.id), saved]);
  const mailbox = mailboxes.find(({ id }) => id === saved.id);
  if (!mailbox)
    throw new MailError('PROVIDER_UNAVAILABLE', 'Gmail did not confirm what it saved. Check the mailboxes.');
  return mailbox;
}

/** Deletes a label and the labels below it, as Gmail itself does. No message is deleted. */
export async function deleteMailbox(client: GmailClient, id: string, call: Call): Promise<void> {
  requireWrite(client.options.access);
  refuseSystem(id, 'deleted');
  await noted(client, () => remove(client, id, call));
}

async function remove(client: GmailClient, id: string, call: Call): Promise<void> {
  const tree = new LabelTree(await listLabels(client, call));
  const label = tree.find(id);
  const below = tree.below(label).map((child) => ({ method: 'DELETE' as const, path: pathOf(child) }));
  const answers = await runBatch(client, 'labels.delete', below, call);
  const failure = answers.find((answer) => isMailError(answer) && answer.code !== 'NOT_FOUND');
  if (failure) throw failure;
  try {
    await client.request('labels.delete', call, (users, options) => users.labels.delete({ userId: 'me', id }, options));
  } catch (error) {
    throw labelError(error);
  }
}

/**
 * Notes a write, so that the next changes that are read compare the labels: Gmail's history does not have what is done here. It is
 * noted when it ends too, because labels that are read meanwhile may lack it.
 */
async function noted<T>(client: GmailClient, write: () => Promise<T>): Promise<T> {
  const note = () => {
    client.labelsWrittenAt = Math.floor(Date.now() / 1000);
  };
  note();
  try {
    return await write();
  } finally {
    note();
  }
}

function refuseSystem(id: string, verb: 'changed' | 'deleted'): void {
  const name = systemName(id);
  if (name !== undefined)
    throw new MailError('FORBIDDEN', `${name} belongs to Gmail and cannot be ${verb}.`, { field: ['id'] });
}

async function create(client: GmailClient, name: string, color: Label['color'] | null, call: Call): Promise<Label> {
  const requestBody: Label = {
    name,
    labelListVisibility: 'labelShow',
    messageListVisibility: 'show',
    ...(color ? { color } : {}),
  };
  try {
    return await client.request(
      'labels.create',
      call,
      (users, options) => users.labels.create({ userId: 'me', requestBody }, options),
      false,
    );
  } catch (error) {
    throw labelError(error, name);
  }
}

async function change(
  client: GmailClient,
  tree: LabelTree,
  id: string,
  patch: MailboxPatch,
  color: Label['color'] | null | undefined,
  call: Call,
): Promise<Label> {
  const label = tree.find(id);
  const name = tree.nameFor(label, patch);
  const isRenamed = name !== label.name;
  if (!isRenamed && color === undefined) return label;
  if (isRenamed) {
    const renames = tree.renames(label, name);
    const parts = renames.map((child) => ({
      method: 'PATCH' as const,
      path: pathOf(child),
      body: { name: child.name },
    }));
    const failure = (await runBatch(client, 'labels.patch', parts, call)).find(isMailError);
    if (failure) throw labelError(failure, name);
  }
  // In a patch, null removes a value.
  const requestBody = { ...(isRenamed ? { name } : {}), ...(color === undefined ? {} : { color }) } as Label;
  try {
    return await client.request('labels.patch', call, (users, options) =>
      users.labels.patch({ userId: 'me', id, requestBody }, options),
    );
  } catch (error) {
    throw labelError(error, name);
  }
}

const pathOf = ({ id }: { id: string }): string => `/gmail/v1/users/me/labels/${encodeURIComponent(id)}`;

function colorOf(hex: string | null | undefined): Label['color'] | null | undefined {
  if (hex === undefined || hex === null) return hex;
  const color = nearestColor(hex);
  if (!color) throw new MailError('BAD_USER_INPUT', 'A colour is written #rrggbb.', { field: ['color'] });
  return color;
}

/** Explains Gmail's refusal: 409 for a name that is in use, and 400 for a name that Gmail reserves. */
function labelError(error: unknown, name?: string): unknown {
  if (hasStatus(error, 404)) return new MailError('NOT_FOUND', 'There is no such mailbox.', { cause: error });
  if (name !== undefined && hasStatus(error, 409)) return nameInUse(name, error);
  if (name !== undefined && hasStatus(error, 400)) {
    return new MailError('INVALID', `Gmail does not accept the name "${name}".`, { cause: error, field: ['name'] });
  }
  return error;
}

const nameInUse = (name: string, cause: unknown): MailError =>
  new MailError('CONFLICT', `There is a label "${name}" already.`, { cause, field: ['name'] });
