import type { z } from 'zod';
import { MailError } from '../../domain/error.ts';
import type { Cursor } from '../contract/list.ts';

/** The cursors of snapshots: a position as JSON. They stay in the gateway, so nothing in them is secret from their reader. */
export class SnapshotCursors<Position> {
  constructor(private readonly shape: z.ZodType<Position>) {}

  write(position: Position): Cursor {
    return Buffer.from(JSON.stringify(position)).toString('base64url');
  }

  /** Throws CURSOR_EXPIRED for what this release cannot read, so that the snapshot begins again. */
  read(cursor: Cursor): Position {
    try {
      return this.shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    } catch (cause) {
      throw new MailError('CURSOR_EXPIRED', 'This position in the snapshot is unreadable.', { cause });
    }
  }
}
