import { crc32, deflateSync } from 'node:zlib';
import type { Enclosed } from '../compose.ts';

/** Small real files with the same bytes each time. */

/** Returns a PNG of width x height pixels with a gradient between two colours. */
function png(width: number, height: number, from: readonly number[], to: readonly number[]): Buffer {
  const rows: Buffer[] = [];
  for (let y = 0; y < height; y++) {
    const row = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x++) {
      const share = (x + y) / (width + height);
      for (let c = 0; c < 3; c++) row[1 + x * 3 + c] = Math.round((from[c] ?? 0) * (1 - share) + (to[c] ?? 0) * share);
    }
    rows.push(row);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Returns a PDF of one page with these lines in Helvetica. They must be ASCII. */
function pdf(lines: readonly string[]): Buffer {
  const shown = lines.map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj T*`).join('\n');
  const stream = `BT /F1 12 Tf 56 780 Td 18 TL\n${shown}\nET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let out = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const offset = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const xref = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`;
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${out.length}\n%%EOF\n`;
  return Buffer.from(out + xref + trailer, 'latin1');
}

export function pdfFile(filename: string, lines: readonly string[]): Enclosed {
  return { filename, mimeType: 'application/pdf', bytes: pdf(lines) };
}

export function csvFile(filename: string, rows: readonly (readonly (string | number)[])[]): Enclosed {
  return { filename, mimeType: 'text/csv', bytes: Buffer.from(rows.map((row) => `${row.join(',')}\r\n`).join('')) };
}

/** `start` as in iCalendar: 20260105T090000Z. */
export function calendarFile(uid: string, summary: string, start: string, end: string): Enclosed {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Postern//Sandbox//EN',
    'METHOD:REQUEST',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${start}`,
    `DTSTART:${start}`,
    `DTEND:${end}`,
    `SUMMARY:${summary}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ];
  return { filename: 'invite.ics', mimeType: 'text/calendar', bytes: Buffer.from(lines.join('\r\n')) };
}

export function imageFile(filename: string, hue: number, contentId?: string): Enclosed {
  const shade = (n: number) => [(hue * 53 + n) % 256, (hue * 97 + 2 * n) % 256, (hue * 31 + 3 * n) % 256];
  const file = { filename, mimeType: 'image/png', bytes: png(240, 120, shade(40), shade(180)) };
  return contentId === undefined ? file : { ...file, contentId };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
