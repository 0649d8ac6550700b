import type { Account } from '../directory.ts';
import type { Scope } from '../identity/scopes.ts';
import type { OperationName } from '../quota.ts';
import type { Json } from './body.ts';
import type { Query, QuerySpec } from './query.ts';
import type { Shape } from './shapes.ts';

/** One call of a Gmail method. It has been authenticated, authorised, counted against the quota and validated. */
export interface Call {
  readonly account: Account;
  readonly scopes: ReadonlySet<Scope>;
  /** The parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Json;
  /** The message of a media upload. */
  readonly media: Buffer | null;
  /** The fault makes this page empty, and its items come with the next one. */
  readonly emptyPage: boolean;
}

/** One method of the API, as Google's discovery document describes it. */
export interface Operation {
  readonly name: OperationName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path below /gmail/v1/users/{userId}, with {name} for a parameter. */
  readonly path: string;
  /** The scopes that allow the method. One of them is enough. */
  readonly scopes: readonly Scope[];
  readonly query?: QuerySpec;
  readonly request?: Shape;
  /** Absent: the answer is 204 and empty. */
  readonly response?: Shape;
  /** The most bytes of a media upload. Absent: the method accepts none. */
  readonly upload?: number;
  run(call: Call): unknown;
}

export const READ: readonly Scope[] = ['full', 'modify', 'readonly'];
export const READ_METADATA: readonly Scope[] = [...READ, 'metadata'];
export const MODIFY: readonly Scope[] = ['full', 'modify'];
export const COMPOSE: readonly Scope[] = ['full', 'modify', 'compose'];
/** 35 MiB hold 25 MB of attachments, which Gmail accepts, in base64 and the message around them. */
export const MAX_SEND_BYTES = 36_700_160;
/** 150 MiB. */
export const MAX_IMPORT_BYTES = 157_286_400;
