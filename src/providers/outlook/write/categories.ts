import type { OutlookCategory } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Call } from '../../contract/call.ts';
import type { MailboxPatch } from '../../contract/mail-session.ts';
import { nearestPreset } from '../read/category-colors.ts';
import { toLabel } from '../read/mailboxes.ts';
import { noSuchMailbox } from '../read/system-folders.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';

const CATEGORIES = '/me/outlook/masterCategories';

type CategoryChange = Pick<MailboxPatch, 'parentId' | 'color'>;

export async function createCategory(
  account: GraphAccount,
  name: string,
  change: CategoryChange,
  call: Call,
): Promise<Mailbox> {
  refuseParent(change);
  const body = JSON.stringify({ displayName: name, color: colorOf(change.color ?? null) });
  const request = { method: 'POST' as const, path: CATEGORIES, body, cost: cost('masterCategories.create', false) };
  const created = await account.graph.json<OutlookCategory>(request, call).catch((error: unknown) => {
    if (!isMailError(error) || error.code !== 'CONFLICT') throw error;
    throw new MailError('CONFLICT', `A category named ${name} already exists. Choose another name.`, {
      field: ['name'],
      cause: error,
    });
  });
  return toLabel(created);
}

/** Changes a category's colour. Its name cannot change, because messages refer to a category by name. */
export async function recolorCategory(
  account: GraphAccount,
  current: string,
  change: CategoryChange & { readonly name: string | undefined },
  call: Call,
): Promise<Mailbox> {
  refuseParent(change);
  if (change.name !== undefined && change.name !== current) {
    throw new MailError(
      'UNSUPPORTED',
      'Outlook cannot rename a category, because messages refer to it by name. Create a new one instead.',
      { field: ['name'] },
    );
  }
  const category = await find(account, current, call);
  if (change.color === undefined) return toLabel(category);
  const request = {
    method: 'PATCH' as const,
    path: at(category),
    body: JSON.stringify({ color: colorOf(change.color) }),
    cost: cost('masterCategories.update'),
  };
  return toLabel(await account.graph.json<OutlookCategory>(request, call));
}

/** Removes the category from the list of categories. Messages that have it keep it. */
export async function deleteCategory(account: GraphAccount, name: string, call: Call): Promise<void> {
  const category = await find(account, name, call);
  await account.graph.done(
    { method: 'DELETE', path: at(category), cost: cost('masterCategories.delete', false) },
    call,
  );
}

async function find(account: GraphAccount, name: string, call: Call): Promise<OutlookCategory> {
  const operation = 'masterCategories.list';
  const request = { method: 'GET' as const, path: CATEGORIES, cost: cost(operation) };
  const first = await account.graph.json<Collection<OutlookCategory>>(request, call);
  const all = await readToEnd(account, first, { kind: 'categories', operation }, call);
  const found = all.find(({ displayName }) => displayName === name);
  if (!found) throw noSuchMailbox();
  return found;
}

const at = ({ id }: OutlookCategory): string => `${CATEGORIES}/${encodeURIComponent(id ?? '')}`;

function refuseParent({ parentId }: CategoryChange): void {
  if (parentId == null) return;
  throw new MailError('UNSUPPORTED', 'Outlook cannot nest categories. Leave out the parent.', {
    field: ['parentId'],
  });
}

function colorOf(color: string | null): string {
  if (color === null) return 'none';
  const preset = nearestPreset(color);
  if (preset !== null) return preset;
  throw new MailError('BAD_USER_INPUT', 'Write the colour as #rrggbb.', { field: ['color'] });
}
