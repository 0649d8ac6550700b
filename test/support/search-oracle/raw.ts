import type { OracleMail, Person } from './oracle.ts';

/**
 * Writes the mail as RFC 5322, without any code of the sandbox. Every header is encoded (RFC 2047) and every part is
 * base64.
 */
export function rawOf(mail: OracleMail): Buffer {
  const { messageId, references, files } = mail;
  const headers: [string, string][] = [
    ['From', person(mail.from)],
    ['Sender', mail.sender ? person(mail.sender) : ''],
    ['To', people(mail.to)],
    ['Cc', people(mail.cc)],
    ['Bcc', people(mail.bcc)],
    ['Subject', encoded(mail.subject)],
    ['Date', new Date(mail.sentAt).toUTCString().replace('GMT', '+0000')],
    ['Message-ID', `<${messageId}>`],
    ['In-Reply-To', references.slice(-1).map(bracketed).join('')],
    ['References', references.map(bracketed).join('\r\n ')],
    ['MIME-Version', '1.0'],
  ];
  const body = files.length === 0 ? bodyPart(mail) : mixed(mail);
  const lines = headers.filter(([name, value]) => value !== '' || name === 'Subject');
  return Buffer.from([...lines.map(([name, value]) => `${name}: ${value}`), body, ''].join('\r\n'), 'latin1');
}

const bracketed = (id: string) => `<${id}>`;
const isPlain = (text: string) => /^[\x20-\x7e]*$/.test(text);

/** Returns encoded words of whole characters, each on a line of its own. */
function encoded(text: string): string {
  if (isPlain(text) && !text.includes('=?') && text.length < 60) return text;
  const pieces = Array.from(text).reduce<string[]>((done, sign) => {
    const last = done.at(-1);
    if (last !== undefined && Buffer.byteLength(last + sign) <= 42) done[done.length - 1] = last + sign;
    else done.push(sign);
    return done;
  }, []);
  return pieces.map((piece) => `=?utf-8?B?${Buffer.from(piece).toString('base64')}?=`).join('\r\n ');
}

function person({ name, address }: Person): string {
  if (name === '') return address;
  const phrase = isPlain(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encoded(name);
  return `${phrase} <${address}>`;
}

/**
 * Of more than two people, all but the first are written as a group (RFC 5322), whose name must not be taken for a
 * person.
 */
function people(list: readonly Person[]): string {
  const written = list.map(person);
  const alone = written.length > 2 ? written.slice(0, 1) : written;
  const group = written.length > 2 ? [`Undisclosed: ${written.slice(1).join(',\r\n ')};`] : [];
  return [...alone, ...group].join(',\r\n ');
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');

function bodyPart({ text, isHtml }: OracleMail): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const shown = isHtml ? `<p>${escaped.replaceAll('\n', '<br>')}</p>` : text;
  return [
    `Content-Type: text/${isHtml ? 'html' : 'plain'}; charset=utf-8`,
    'Content-Transfer-Encoding: base64',
    '',
    base64(Buffer.from(shown)),
  ].join('\r\n');
}

function mixed(mail: OracleMail): string {
  const parts = [bodyPart(mail), ...mail.files.map(filePart)];
  return [
    'Content-Type: multipart/mixed; boundary="=_oracle"',
    '',
    ...parts.map((part) => `--=_oracle\r\n${part}`),
    '--=_oracle--',
  ].join('\r\n');
}

/** Returns the name encoded as RFC 2231 requires. */
function filePart(name: string): string {
  const value = isPlain(name)
    ? `filename="${name.replace(/["\\]/g, '\\$&')}"`
    : `filename*=utf-8''${encodeURIComponent(name).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`;
  return [
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; ${value}`,
    'Content-Transfer-Encoding: base64',
    '',
    'Zm9v',
  ].join('\r\n');
}
