import { randomBytes } from 'node:crypto';
import { parseAddresses } from '../mail/address.ts';
import { formatDate, formatPerson } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';
import { type Account, sendsAs } from './directory.ts';
import { invalidArgument, uploadTooLarge } from './errors.ts';
import { type Json, text } from './wire/body.ts';
import { MAX_SEND_BYTES } from './wire/operation.ts';

/** Returns the RFC 5322 bytes of a call, from the JSON field `raw` or from its media. Throws GoogleError 400. */
export function rawOf(message: Json | undefined, media: Buffer | null, most = MAX_SEND_BYTES): Buffer {
  const raw = media ?? decodeRaw(message && text(message, 'raw'));
  if (!raw || raw.length === 0)
    throw invalidArgument("'raw' RFC822 payload message string or uploading message via /upload/* URL required");
  if (raw.length > most) throw uploadTooLarge();
  return raw;
}

/** A local part and a domain of at least two labels. Gmail accepts nothing else, not even in a draft (FlowCrypt/flowcrypt-browser#1370). */
const ROUTABLE = /^(?:"(?:[^"\\]|\\.)+"|[^\s"@<>()[\],:;\\]+)@(?:[\p{L}\p{M}\p{N}_-]+\.)+[\p{L}\p{M}\p{N}-]+$/u;

/** Throws Gmail's error for a mail with invalid recipients. */
export function requireAddresses(mail: Mail): void {
  const { headers } = mail.mime();
  for (const name of ['To', 'Cc', 'Bcc'])
    if (parseAddresses(headers, name).some(({ address }) => !ROUTABLE.test(address)))
      throw invalidArgument(`Invalid ${name} header`);
}

/** Adds the headers that Gmail adds to a draft that lacks them. */
export function stampDraft(raw: Buffer, account: Account, now: Date): Buffer {
  const head = new Head(raw);
  if (!head.has('from')) head.prepend('From', ownName(account));
  if (!head.has('date')) head.prepend('Date', formatDate(now));
  if (!head.has('message-id')) head.prepend('Message-ID', newMessageId());
  return head.bytes();
}

/** Sending by the API sets a new Message-ID, and keeps the client's in another header where the account is set so. A foreign From is replaced. */
export function stampSent(raw: Buffer, account: Account, from: string | null, now: Date): Buffer {
  const head = new Head(raw);
  const original = account.sentMessageId === 'kept' && head.has('message-id') ? null : head.take('message-id');
  if (!sendsAs(account, from)) {
    head.take('from');
    head.prepend('From', ownName(account));
  }
  if (!head.has('date')) head.prepend('Date', formatDate(now));
  if (original && account.sentMessageId === 'original') head.prepend('X-Google-Original-Message-ID', original);
  if (!head.has('message-id')) head.prepend('Message-ID', newMessageId());
  return head.bytes();
}

/** Returns the message as the recipients receive it. */
export function withoutBcc(raw: Buffer): Buffer {
  const head = new Head(raw);
  head.take('bcc');
  return head.bytes();
}

function decodeRaw(encoded: string | undefined): Buffer | null {
  if (encoded === undefined) return null;
  if (!/^[\w+/-]*={0,2}$/.test(encoded))
    throw invalidArgument("Invalid value at 'raw' (TYPE_BYTES), Base64 decoding failed");
  return Buffer.from(encoded, 'base64url');
}

function newMessageId(): string {
  return `<CA+${randomBytes(24).toString('base64url')}@mail.gmail.com>`;
}

function ownName({ address, sendAs }: Account): string {
  return formatPerson({ name: sendAs[0].displayName, address });
}

/** The header block of a message, whose fields can be removed and added. Every other byte stays as it is. */
class Head {
  #fields: string[];
  readonly #newline: string;
  readonly #body: Buffer;
  /** The original bytes as long as nothing has changed, because copying a mail of 35 MB is expensive. */
  #whole: Buffer | null;

  constructor(raw: Buffer) {
    this.#whole = raw;
    // The end of the header is searched for in the bytes, so that a mail of 35 MB is not decoded for its first lines.
    const blank = [raw.indexOf('\r\n\r\n'), raw.indexOf('\n\n')].filter((at) => at >= 0);
    const near = raw.subarray(0, blank.length > 0 ? Math.min(...blank) + 4 : raw.length).toString('latin1');
    const end = /\r?\n\r?\n|^\r?\n/.exec(near);
    this.#newline = near.includes('\r\n') || !near.includes('\n') ? '\r\n' : '\n';
    const block = near.slice(0, end ? end.index : near.length);
    this.#fields = block.split(/\r?\n(?![ \t])/).filter((field) => field !== '');
    this.#body = end ? raw.subarray(end.index + end[0].length) : Buffer.alloc(0);
  }

  has(name: string): boolean {
    return this.#fields.some((field) => named(field, name));
  }

  /** Removes every field with this name and returns the value of the first one. */
  take(name: string): string | null {
    const first = this.#fields.find((field) => named(field, name));
    if (first !== undefined) this.#whole = null;
    this.#fields = this.#fields.filter((field) => !named(field, name));
    return first ? first.slice(first.indexOf(':') + 1).trim() : null;
  }

  prepend(name: string, value: string): void {
    this.#whole = null;
    this.#fields.unshift(`${name}: ${value}`);
  }

  bytes(): Buffer {
    if (this.#whole) return this.#whole;
    const block = this.#fields.map((field) => field + this.#newline).join('') + this.#newline;
    return Buffer.concat([Buffer.from(block, 'latin1'), this.#body]);
  }
}

function named(field: string, name: string): boolean {
  return field.slice(0, field.indexOf(':')).trim().toLowerCase() === name;
}
