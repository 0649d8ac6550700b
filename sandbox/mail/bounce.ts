import { formatDate } from './compose.ts';
import { mailFromRaw } from './received.ts';

/** An address whose local part begins with "bounce" accepts no mail, even if it has an account. */
export const refusesMail = (address: string): boolean => /^bounce/i.test(address);

/** Returns whether mail to the address bounces. Mail to other domains than `domains` is dropped and does not bounce. */
export function bounces(
  address: string,
  domains: ReadonlySet<string>,
  hasAccount: (address: string) => boolean,
): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return refusesMail(address) || (domains.has(domain) && !hasAccount(address));
}

interface DeliveryReport {
  /** The sender of the mail that bounced. */
  readonly to: string;
  /** RFC 3464. */
  readonly raw: Buffer;
}

/** Returns the delivery report for the addresses that the mail did not reach. Null: the mail names no sender. */
export function deliveryReport(raw: Buffer, failed: readonly string[], now: Date): DeliveryReport | null {
  const { from, sender, subject, messageId } = mailFromRaw(raw, { key: 'bounced', receivedAt: now }).envelope;
  const to = (from ?? sender)?.address;
  if (!to) return null;
  const domain = to.slice(to.lastIndexOf('@') + 1);
  const seed = `${now.getTime().toString(36)}.${Math.random().toString(36).slice(2)}`;
  const boundary = `report_${seed}`;
  const reason = (address: string) => (refusesMail(address) ? '5.2.1' : '5.1.1');
  const lines = [
    `From: Mail Delivery Subsystem <mailer-daemon@${domain}>`,
    `To: ${to}`,
    'Subject: Delivery Status Notification (Failure)',
    `Date: ${formatDate(now)}`,
    `Message-ID: <${seed}@${domain}>`,
    ...(messageId === null ? [] : [`In-Reply-To: ${messageId}`, `References: ${messageId}`]),
    'Auto-Submitted: auto-replied',
    `X-Failed-Recipients: ${failed.join(', ')}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    base64Lines(
      `Your message "${subject}" could not be delivered to:\r\n\r\n${failed.map((address) => `  ${address} (${reason(address)})\r\n`).join('')}`,
    ),
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${domain}`,
    '',
    ...failed.flatMap((address) => [
      `Final-Recipient: rfc822; ${address}`,
      'Action: failed',
      `Status: ${reason(address)}`,
      'Diagnostic-Code: smtp; 550 no such mailbox here',
      '',
    ]),
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    headOf(raw),
    '',
    `--${boundary}--`,
    '',
  ];
  return { to, raw: Buffer.from(lines.join('\r\n'), 'latin1') };
}

function headOf(raw: Buffer): string {
  const text = raw.subarray(0, 64 * 1024).toString('latin1');
  return (/^[\s\S]*?(?=\r?\n\r?\n)/.exec(text)?.[0] ?? text).replace(/\r?\n/g, '\r\n');
}

const base64Lines = (text: string): string =>
  (
    Buffer.from(text, 'utf8')
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n');
