import type { Access } from '../../contract/connect.ts';
import type { GraphClient } from './client.ts';
import type { Deletions } from './deletions.ts';
import type { FolderRoles } from './folder-roles.ts';
import type { HiddenFolders } from './hidden-folders.ts';

/** What every file here works on: one open account. */
export interface GraphAccount {
  readonly address: string;
  readonly access: Access;
  readonly graph: GraphClient;
  readonly hidden: HiddenFolders;
  readonly roles: FolderRoles;
  readonly deletions: Deletions;
  /** Between the tries of what came to a replica that lags behind. */
  readonly lagWaitsMs: readonly number[];
}
