import type { Account } from '../mailbox/accounts.ts';
import { accessDenied, GraphError } from './errors.ts';
import type { Answer, Call } from './request.ts';

export interface Route {
  readonly method: string;
  /** The path as in Graph's description, for example "/me/messages/{message-id}/move". */
  readonly path: string;
  /** The scopes that allow the request. One of them is enough. */
  readonly scopes: readonly string[];
  handle(call: Call): Answer | Promise<Answer>;
}

export interface Match {
  readonly route: Route;
  /** The values of the path's braces. */
  readonly ids: readonly string[];
  /** The folder in the path of a message, in which the message must be. */
  readonly within: { readonly folder: string; readonly message: string } | null;
}

/** Finds the route. Throws Graph's errors for an unknown path or method. */
export function matchRoute(routes: readonly Route[], method: string, path: string, account: Account): Match {
  const { segments, within } = reduce(segmentsOf(path), account);
  const candidates = routes.filter((route) => fits(route.path, segments));
  // "/messages/delta" is a function, not a message of that name.
  candidates.sort((a, b) => (a.path.match(/\{/g)?.length ?? 0) - (b.path.match(/\{/g)?.length ?? 0));
  const literal = candidates[0];
  if (!literal)
    throw new GraphError(400, 'BadRequest', `Resource not found for the segment '${segments.at(-1) ?? ''}'.`);
  const route = candidates.find((candidate) => candidate.path === literal.path && candidate.method === method);
  if (!route) throw new GraphError(405, 'ErrorInvalidRequest', `The OData request is not supported: ${method}.`);
  const ids = segments.filter((_, index) => route.path.split('/')[index + 1]?.startsWith('{'));
  return { route, ids, within };
}

function fits(template: string, segments: readonly string[]): boolean {
  const wanted = template.split('/').slice(1);
  if (wanted.length !== segments.length) return false;
  return wanted.every((part, index) => part.startsWith('{') || part.toLowerCase() === segments[index]?.toLowerCase());
}

/** mailFolders('inbox') is mailFolders/inbox; delta() and microsoft.graph.delta() are delta. */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  for (const raw of path.split('/').filter(Boolean)) {
    const segment = decode(raw).replace(/^microsoft\.graph\./, '');
    const keyed = /^(\w+)\('(.*)'\)$/.exec(segment);
    if (keyed) segments.push(keyed[1] ?? '', keyed[2] ?? '');
    else segments.push(segment.replace(/\(\)$/, ''));
  }
  return segments;
}

/** Resolves longer paths to the same resource: /users/{me}, childFolders of childFolders, and a message through its folder. */
function reduce(given: readonly string[], account: Account): { segments: string[]; within: Match['within'] } {
  let segments = [...given];
  const is = (index: number, name: string) => segments[index]?.toLowerCase() === name;
  const isFunction = (index: number) => is(index, 'delta') || is(index, '$count');
  if (is(0, 'users')) {
    const user = segments[1]?.toLowerCase();
    if (user !== account.address.toLowerCase() && user !== account.objectId) throw accessDenied();
    segments = ['me', ...segments.slice(2)];
  }
  while (is(1, 'mailfolders') && is(3, 'childfolders') && segments.length > 4 && !isFunction(4))
    segments = ['me', 'mailFolders', ...segments.slice(4)];
  const [folder, message] = [segments[2], segments[4]];
  if (is(1, 'mailfolders') && is(3, 'messages') && folder !== undefined && message !== undefined && !isFunction(4))
    return { segments: ['me', 'messages', ...segments.slice(4)], within: { folder, message } };
  return { segments, within: null };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GraphError(400, 'BadRequest', 'The request URI is not valid.');
  }
}
