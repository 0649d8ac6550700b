import { expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '../../src/providers/shared/retry-after.ts';

const NOW = Date.parse('2026-01-05T09:00:00Z');

it.each([
  ['12', 12_000],
  [' 12 ', 12_000],
  ['0', 0],
  ['1.5', 1_500],
  ['Mon, 05 Jan 2026 09:00:10 GMT', 10_000],
  ['Monday, 05-Jan-26 09:00:10 GMT', 10_000],
  ['Mon Jan  5 09:00:10 2026', 10_000],
  ['2026-01-05T09:00:10.500Z', 10_500],
  ['2026-01-05T10:00:10+01:00', 10_000],
])('%j is a time to wait', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

it.each(['-5', 'Mon, 05 Jan 2026 08:59:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'])('%j has passed', (header) => {
  expect(retryAfterMs(header, NOW)).toBe(0);
});

it.each(['999999999', '9'.repeat(400), 'Fri, 31 Dec 2199 23:59:59 GMT'])('%j is ignored as too long', (header) => {
  expect(retryAfterMs(header, NOW)).toBe(MAX_RETRY_AFTER_MS);
});

it.each([null, undefined, '', 'soon', '5, 5', '1e3', 'Infinity', 'NaN', '0x10', 'Mon, 99 Jan 2026 99:99:99 GMT'])(
  '%j is no time',
  (header) => {
    expect(retryAfterMs(header, NOW)).toBeUndefined();
  },
);
