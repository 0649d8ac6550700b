import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';

/** A file that a user has handed in, or is handing in. */
export interface UploadRecord {
  readonly id: string;
  readonly userId: string;
  /** Sealed; null while it is still coming. */
  readonly details: Uint8Array | null;
  readonly sizeBytes: number;
  readonly expiresAt: Date;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Expired files deleted by one statement; all of their chunks go with them. */
const FILES_AT_ONCE = 20;

export class UploadStore {
  constructor(private readonly db: Database) {}

  /** A place for one that is coming. */
  async begin(id: string, userId: string, expiresAt: Date): Promise<void> {
    await this.db.prisma.upload.create({ data: { id, userId, expiresAt } });
  }

  /** Past Prisma, like `chunk`: it would make several copies of the bytes, as text, of each piece of a large file. */
  async append(uploadId: string, index: number, sealed: Uint8Array): Promise<void> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    await this.db.execute('INSERT INTO upload_chunks (upload_id, index, sealed) VALUES ($1, $2, $3)', [
      uploadId,
      index,
      bytes,
    ]);
  }

  /** All of it is here. */
  async complete(id: string, details: Uint8Array<ArrayBuffer>, sizeBytes: number, expiresAt: Date): Promise<void> {
    await this.db.prisma.upload.update({ where: { id }, data: { details, sizeBytes, expiresAt } });
  }

  /** Null also for somebody else's, and for one that has expired and is not kept by a submission. */
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

  /** Bytes that the user has here, and how many uploads are still coming. */
  async held(userId: string, now: Date): Promise<{ bytes: number; coming: number }> {
    const where = { userId, expiresAt: { gt: now } };
    const [total, coming] = await Promise.all([
      this.db.prisma.upload.aggregate({ where, _sum: { sizeBytes: true } }),
      this.db.prisma.upload.count({ where: { ...where, details: null } }),
    ]);
    return { bytes: total._sum.sizeBytes ?? 0, coming };
  }

  async delete(id: string): Promise<void> {
    await this.db.prisma.upload.deleteMany({ where: { id } });
  }

  /** Deletes what has expired and is needed by nobody; returns how many. */
  prune(now: Date): Promise<number> {
    const where = { expiresAt: { lt: now }, submissions: { none: {} } };
    return deleteInBatches((limit) => this.db.prisma.upload.deleteMany({ where, limit }), FILES_AT_ONCE);
  }
}
