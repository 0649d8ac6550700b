import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';

/** A file that a user has uploaded or is uploading. */
export interface UploadRecord {
  readonly id: string;
  readonly userId: string;
  /** Sealed. Null while the upload is in progress. */
  readonly details: Uint8Array | null;
  readonly sizeBytes: number;
  readonly expiresAt: Date;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The number of expired files that one statement deletes, with all of their chunks. */
const FILES_AT_ONCE = 20;

export class UploadStore {
  constructor(private readonly db: Database) {}

  /** Creates the row of an upload that begins. */
  async begin(id: string, userId: string, expiresAt: Date): Promise<void> {
    await this.db.prisma.upload.create({ data: { id, userId, expiresAt } });
  }

  /** Uses SQL, like `chunk`, because Prisma would make several textual copies of each chunk of a large file. */
  async append(uploadId: string, index: number, sealed: Uint8Array): Promise<void> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    await this.db.execute('INSERT INTO upload_chunks (upload_id, index, sealed) VALUES ($1, $2, $3)', [
      uploadId,
      index,
      bytes,
    ]);
  }

  /** Marks an upload as complete. */
  async complete(id: string, details: Uint8Array<ArrayBuffer>, sizeBytes: number, expiresAt: Date): Promise<void> {
    await this.db.prisma.upload.update({ where: { id }, data: { details, sizeBytes, expiresAt } });
  }

  /** Null for another user's upload, and for an expired one that no submission needs. */
  async find(userId: string, id: string, now: Date): Promise<UploadRecord | null> {
    if (!UUID.test(id)) return null;
    return this.db.prisma.upload.findFirst({
      where: { id, userId, OR: [{ expiresAt: { gt: now } }, { submissions: { some: {} } }] },
    });
  }

  async chunk(uploadId: string, index: number): Promise<Uint8Array | null> {
    const sql = 'SELECT sealed FROM upload_chunks WHERE upload_id = $1 AND index = $2';
    const { rows } = await this.db.execute(sql, [uploadId, index]);
    return (rows[0]?.sealed as Uint8Array | undefined) ?? null;
  }

  /** The bytes that the user has uploaded, and the number of uploads in progress. */
  async held(userId: string, now: Date): Promise<{ bytes: number; inProgress: number }> {
    const where = { userId, expiresAt: { gt: now } };
    const [total, inProgress] = await Promise.all([
      this.db.prisma.upload.aggregate({ where, _sum: { sizeBytes: true } }),
      this.db.prisma.upload.count({ where: { ...where, details: null } }),
    ]);
    return { bytes: total._sum.sizeBytes ?? 0, inProgress };
  }

  async delete(id: string): Promise<void> {
    await this.db.prisma.upload.deleteMany({ where: { id } });
  }

  /** Deletes expired uploads that no submission needs, and returns their number. */
  prune(now: Date): Promise<number> {
    const where = { expiresAt: { lt: now }, submissions: { none: {} } };
    return deleteInBatches((limit) => this.db.prisma.upload.deleteMany({ where, limit }), FILES_AT_ONCE);
  }
}
