import type { MailFolder } from '@microsoft/microsoft-graph-types';
import type { Folder } from '../mailbox/item.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { badRequest, GraphError } from '../wire/errors.ts';
import { compileFilter, sortBy } from '../wire/filter.ts';
import { contextOf, linkTo } from '../wire/links.ts';
import { type ListOptions, type Model, parseBoolean, parseListOptions, parseShape, type Shape } from '../wire/odata.ts';
import { type Answer, actionBody, type Call, created, jsonBody, noContent, ok, plain } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { READ, WRITE } from './view.ts';

const DEFAULT_TOP = 10;
const LIST = '/me/mailFolders';
const ONE = '/me/mailFolders/{mailFolder-id}';

export const MAIL_FOLDER: Model = {
  typeName: 'mailFolder',
  properties: new Set([
    'id',
    'displayName',
    'parentFolderId',
    'childFolderCount',
    'unreadItemCount',
    'totalItemCount',
    'isHidden',
  ]),
  navigations: new Set([
    'childFolders',
    'messages',
    'messageRules',
    'singleValueExtendedProperties',
    'multiValueExtendedProperties',
  ]),
};

export const folderRoutes: readonly Route[] = [
  { method: 'GET', path: LIST, scopes: READ, handle: (call) => list(call, rootOf(call), 'mailFolders') },
  {
    method: 'GET',
    path: `${LIST}/$count`,
    scopes: READ,
    handle: (call) => plain(String(visible(call, rootOf(call)).length)),
  },
  {
    method: 'GET',
    path: ONE,
    scopes: READ,
    handle: (call) => show(call, folderOf(call), parseShape(call.query, MAIL_FOLDER), ok),
  },
  {
    method: 'GET',
    path: `${ONE}/childFolders`,
    scopes: READ,
    handle: (call) =>
      list(call, folderOf(call), `mailFolders('${encodeURIComponent(call.ids[0] ?? '')}')/childFolders`),
  },
  {
    method: 'GET',
    path: `${ONE}/childFolders/$count`,
    scopes: READ,
    handle: (call) => plain(String(visible(call, folderOf(call)).length)),
  },
  { method: 'POST', path: LIST, scopes: WRITE, handle: (call) => create(call, rootOf(call)) },
  { method: 'POST', path: `${ONE}/childFolders`, scopes: WRITE, handle: (call) => create(call, folderOf(call)) },
  { method: 'PATCH', path: ONE, scopes: WRITE, handle: rename },
  { method: 'DELETE', path: ONE, scopes: WRITE, handle: remove },
  { method: 'POST', path: `${ONE}/permanentDelete`, scopes: WRITE, handle: purge },
  { method: 'POST', path: `${ONE}/move`, scopes: WRITE, handle: move },
];

const rootOf = (call: Call): Folder => call.account.mailbox.root;
const folderOf = (call: Call): Folder => call.account.mailbox.folder(call.ids[0] ?? '');

/** Computes each property separately, so that $select costs only what it names. */
function readFolder(folder: Folder, name: string, mailbox: Mailbox): unknown {
  switch (name as keyof MailFolder) {
    case 'id':
      return folder.id;
    case 'displayName':
      return folder.displayName;
    case 'parentFolderId':
      return (folder.parent ?? mailbox.root).id;
    case 'childFolderCount':
      return folder.children.filter((child) => !child.isHidden).length;
    case 'unreadItemCount':
      return folder.unread;
    case 'totalItemCount':
      return folder.items.size;
    case 'isHidden':
      return folder.isHidden;
    default:
      return null;
  }
}

export function formatFolder(folder: Folder, shape: Shape, mailbox: Mailbox): MailFolder {
  const names = shape.select === null ? [...MAIL_FOLDER.properties] : ['id', ...shape.select];
  const shown: Record<string, unknown> = Object.fromEntries(
    names.map((name) => [name, readFolder(folder, name, mailbox)]),
  );
  const children = shape.expand.get('childFolders');
  if (children)
    shown.childFolders = folder.children
      .filter((child) => !child.isHidden)
      .map((child) => formatFolder(child, { select: children.select, expand: new Map() }, mailbox));
  return shown as MailFolder;
}

function visible(call: Call, parent: Folder): Folder[] {
  const withHidden = parseBoolean('includeHiddenFolders', call.query.get('includeHiddenFolders'));
  return parent.children.filter((child) => withHidden || !child.isHidden);
}

function list(call: Call, parent: Folder, context: string): Answer {
  const { mailbox } = call.account;
  const options: ListOptions = parseListOptions(call.query, MAIL_FOLDER);
  const read = (folder: Folder, name: string) => readFolder(folder, name, mailbox);
  let folders = visible(call, parent).sort((a, b) => a.displayName.localeCompare(b.displayName, 'en'));
  if (options.filter !== null) {
    const filter = compileFilter<Folder>(options.filter, MAIL_FOLDER, read);
    folders = folders.filter((folder) => filter.matches(folder));
  }
  if (options.orderby.length > 0) folders = sortBy(folders, options.orderby, read);
  const top = options.top ?? call.prefer.pageSize ?? DEFAULT_TOP;
  const end = options.skip + top;
  return ok({
    '@odata.context': contextOf(call, context),
    ...(options.count ? { '@odata.count': folders.length } : {}),
    ...(folders.length > end ? { '@odata.nextLink': linkTo(call, { $skip: String(end) }) } : {}),
    value: folders.slice(options.skip, end).map((folder) => formatFolder(folder, options, mailbox)),
  });
}

const WHOLE: Shape = { select: null, expand: new Map() };

function show(call: Call, folder: Folder, shape: Shape, answer: (body: object) => Answer): Answer {
  return answer({
    '@odata.context': contextOf(call, 'mailFolders/$entity'),
    ...formatFolder(folder, shape, call.account.mailbox),
  });
}

function nameIn(body: Record<string, unknown>): string {
  for (const name of Object.keys(body))
    if (!name.includes('@') && !MAIL_FOLDER.properties.has(name) && !MAIL_FOLDER.navigations.has(name))
      throw badRequest(
        `The property '${name}' does not exist on type 'microsoft.graph.mailFolder'. Make sure to only use property names that are defined by the type.`,
        'RequestBodyRead',
      );
  const { displayName } = body;
  if (typeof displayName !== 'string' || displayName.trim() === '' || displayName.length > 255)
    throw badRequest('The folder display name is missing, empty or too long.', 'ErrorInvalidFolderName');
  return displayName.trim();
}

function create(call: Call, parent: Folder): Answer {
  return show(call, call.account.mailbox.folders.create(nameIn(jsonBody(call)), parent), WHOLE, created);
}

function rename(call: Call): Answer {
  const folder = folderOf(call);
  refuseDistinguished(folder);
  const { mailbox } = call.account;
  const name = nameIn(jsonBody(call));
  if (name.toLowerCase() !== folder.displayName.toLowerCase())
    mailbox.folders.requireFreeName(name, folder.parent ?? mailbox.root);
  mailbox.folders.change(folder, () => {
    folder.displayName = name;
  });
  return show(call, folder, WHOLE, ok);
}

/** Moves a folder with its content to Deleted Items, or deletes it permanently from there. */
function remove(call: Call): Answer {
  const folder = folderOf(call);
  refuseDistinguished(folder);
  const { mailbox } = call.account;
  const trash = mailbox.folder('deleteditems');
  if (folder.isWithin(trash)) mailbox.removeFolder(folder);
  else moveTo(mailbox, folder, trash);
  return noContent;
}

function purge(call: Call): Answer {
  const folder = folderOf(call);
  refuseDistinguished(folder);
  call.account.mailbox.removeFolder(folder);
  return noContent;
}

function move(call: Call): Answer {
  const folder = folderOf(call);
  refuseDistinguished(folder);
  const destination = actionBody(call).get('destinationid');
  if (typeof destination !== 'string')
    throw badRequest("The required parameter 'DestinationId' is missing.", 'ErrorInvalidParameter');
  const { mailbox } = call.account;
  const to = mailbox.folder(destination);
  if (to.isWithin(folder)) throw badRequest('A folder cannot be moved into itself.', 'ErrorMoveCopyFailed');
  mailbox.folders.requireFreeName(folder.displayName, to);
  moveTo(mailbox, folder, to);
  return show(call, folder, WHOLE, created);
}

/** Adds a number to a name that is taken at the destination, as Outlook does. */
function moveTo(mailbox: Mailbox, folder: Folder, to: Folder): void {
  const taken = (name: string) => to.children.some((child) => child.displayName.toLowerCase() === name.toLowerCase());
  let name = folder.displayName;
  for (let number = 1; taken(name); number++) name = `${folder.displayName}${number}`;
  folder.displayName = name;
  mailbox.folders.move(folder, to);
}

function refuseDistinguished(folder: Folder): void {
  if (folder.wellKnown !== null)
    throw new GraphError(
      403,
      'ErrorDeleteDistinguishedFolder',
      'The default folders of a mailbox cannot be renamed, moved or deleted.',
    );
}
