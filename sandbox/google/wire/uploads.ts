import { randomBytes } from 'node:crypto';
import { GoogleError, invalidArgument, uploadTooLarge } from '../errors.ts';
import { splitParts } from './multipart.ts';
import type { Operation } from './operation.ts';
import { UploadSession } from './upload.session.ts';

export interface UploadRequest {
  readonly method: string;
  /** The path with the query, below the emulator's prefix. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The scheme, host and prefix that the client uses, for the Location of a session. */
  readonly base: string;
}
/** The call's JSON and message, or an answer that is sent before the message is complete. */
type Uploaded =
  | { readonly json: Buffer; readonly media: Buffer; readonly session?: UploadSession }
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

const MAX_SESSIONS = 100;

/** Media uploads: the message alone, JSON and message in a multipart body, or pieces of a resumable session. */
export class Uploads {
  readonly #sessions = new Map<string, UploadSession>();

  receive(request: UploadRequest, search: URLSearchParams, account: string, operation: Operation): Uploaded {
    const most = operation.upload ?? 0;
    if (request.body.length > most) throw uploadTooLarge();
    const contentType = request.headers['content-type'] ?? '';
    const sessionId = search.get('upload_id');
    if (sessionId !== null) return this.#continue(sessionId, request, account);
    switch (search.get('uploadType') ?? search.get('upload_protocol')) {
      case 'media':
        return { json: Buffer.alloc(0), media: mediaOf(contentType, request.body) };
      case 'multipart': {
        const parts = splitParts(request.body, contentType);
        const [json, media] = parts ?? [];
        if (!json || !media || parts?.length !== 2)
          throw badUpload('Multipart must have exactly two parts: metadata and media.');
        return { json: json.body, media: mediaOf(media.headers['content-type'] ?? '', media.body) };
      }
      case 'resumable':
        return this.#begin(request, account, most);
      default:
        throw badUpload('uploadType must be media, multipart or resumable.');
    }
  }

  #begin(request: UploadRequest, account: string, most: number): Uploaded {
    const id = randomBytes(18).toString('base64url');
    this.#sessions.set(id, new UploadSession(account, request.body, most));
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    const location = `${request.base}${request.url}&upload_id=${id}`;
    return { status: 200, headers: { location, 'x-guploader-uploadid': id }, body: '' };
  }

  #continue(id: string, request: UploadRequest, account: string): Uploaded {
    const session = this.#sessions.get(id);
    if (!session || session.account !== account)
      throw new GoogleError(404, 'NOT_FOUND', 'notFound', 'Upload session not found.');
    if (session.answer) return session.answer;
    const media = session.take(request.body, request.headers['content-range']);
    return media ? { json: session.json, media, session } : { ...session.goOn, body: '' };
  }
}

function mediaOf(contentType: string, body: Buffer): Buffer {
  if (!/^message\//i.test(contentType.trim()))
    throw new GoogleError(
      400,
      'INVALID_ARGUMENT',
      'badContent',
      `Media type '${contentType}' is not supported. Valid media types: [message/*]`,
    );
  return body;
}

const badUpload = (message: string) => invalidArgument(message);
