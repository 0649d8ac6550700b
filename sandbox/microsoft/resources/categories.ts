import type { OutlookCategory } from '@microsoft/microsoft-graph-types';
import type { Account, Category } from '../mailbox/accounts.ts';
import { guid } from '../mailbox/ids.ts';
import { badRequest, GraphError, itemNotFound } from '../wire/errors.ts';
import { contextOf } from '../wire/links.ts';
import { type Model, parseListOptions } from '../wire/odata.ts';
import { type Call, created, jsonBody, noContent, ok, plain } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';

const LIST = '/me/outlook/masterCategories';
const ONE = `${LIST}/{outlookCategory-id}`;
const READ_SETTINGS = ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'];
const WRITE_SETTINGS = ['MailboxSettings.ReadWrite'];
const CATEGORY: Model = {
  typeName: 'outlookCategory',
  properties: new Set(['id', 'displayName', 'color']),
  navigations: new Set(),
};

export const categoryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: LIST,
    scopes: READ_SETTINGS,
    handle: (call) => {
      const { select, skip, top, count } = parseListOptions(call.query, CATEGORY);
      const all = call.account.categories;
      const page = all.slice(skip, top === null ? undefined : skip + top);
      return ok({
        '@odata.context': contextOf(call, 'outlook/masterCategories'),
        ...(count ? { '@odata.count': all.length } : {}),
        value: page.map((category) => format(category, select)),
      });
    },
  },
  {
    method: 'GET',
    path: `${LIST}/$count`,
    scopes: READ_SETTINGS,
    handle: (call) => plain(String(call.account.categories.length)),
  },
  {
    method: 'POST',
    path: LIST,
    scopes: WRITE_SETTINGS,
    handle: (call) => {
      const { displayName, color } = jsonBody(call);
      if (typeof displayName !== 'string' || displayName.trim() === '' || displayName.length > 255)
        throw badRequest('The category name is missing, empty or too long.', 'ErrorInvalidRequest');
      if (call.account.categories.some((known) => known.displayName.toLowerCase() === displayName.toLowerCase()))
        throw new GraphError(409, 'CategoryNameDuplicate', `The category '${displayName}' already exists.`);
      return created(shown(call, addCategory(call.account, displayName, colorOf(color ?? 'none'))));
    },
  },
  { method: 'GET', path: ONE, scopes: READ_SETTINGS, handle: (call) => ok(shown(call, find(call))) },
  {
    method: 'PATCH',
    path: ONE,
    scopes: WRITE_SETTINGS,
    handle: (call) => {
      const category = find(call);
      const { displayName, color } = jsonBody(call);
      if (displayName !== undefined && displayName !== category.displayName)
        throw badRequest('The displayName of a category cannot be changed.', 'ErrorInvalidRequest');
      if (color !== undefined) category.color = colorOf(color);
      return ok(shown(call, category));
    },
  },
  {
    method: 'DELETE',
    path: ONE,
    scopes: WRITE_SETTINGS,
    handle: (call) => {
      const { categories } = call.account;
      categories.splice(categories.indexOf(find(call)), 1);
      return noContent;
    },
  },
];

/** Messages keep a category that is no longer in the list: the list is only names and colours. */
export function addCategory(account: Account, displayName: string, color: string): Category {
  const id = guid('category', account.address, displayName);
  const category = { id, displayName, color };
  account.categories.push(category);
  return category;
}

function find(call: Call): Category {
  const found = call.account.categories.find(({ id }) => id === call.ids[0]?.toLowerCase());
  if (!found) throw itemNotFound();
  return found;
}

function colorOf(value: unknown): string {
  const color = String(value).toLowerCase();
  if (color === 'none' || /^preset(?:\d|1\d|2[0-4])$/.test(color)) return color;
  throw badRequest(`Requested value '${String(value)}' was not found.`, 'RequestBodyRead');
}

function format({ id, displayName, color }: Category, select: readonly string[] | null): OutlookCategory {
  const wants = (name: string) => select === null || select.includes(name);
  return {
    id,
    ...(wants('displayName') ? { displayName } : {}),
    ...(wants('color') ? { color: color as NonNullable<OutlookCategory['color']> } : {}),
  };
}

const shown = (call: Call, category: Category) => ({
  '@odata.context': contextOf(call, 'outlook/masterCategories/$entity'),
  ...format(category, null),
});
