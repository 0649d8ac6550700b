import type { Access } from '../../contract/connect.ts';
import type { GraphClient } from './client.ts';
import type { Deletions } from './deletions.ts';
import type { FolderRoles } from './folder-roles.ts';
import type { HiddenFolders } from './hidden-folders.ts';
import type { MessageFolders } from './message-folders.ts';

/** The state of one open account, which every function of this folder receives. */
export interface GraphAccount {
  readonly address: string;
  readonly access: Access;
  readonly graph: GraphClient;
  readonly hidden: HiddenFolders;
  readonly roles: FolderRoles;
  readonly deletions: Deletions;
  readonly folders: MessageFolders;
  /** Delays before a request is repeated because a replica lags behind, in milliseconds. */
  readonly lagWaitsMs: readonly number[];
}
