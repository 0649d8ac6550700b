/** The cost of each method in Gmail's quota units. The published values change over time. A batch costs the sum of its parts. */
export const UNITS = {
  getProfile: 1,
  'labels.list': 1,
  'labels.get': 1,
  'labels.create': 5,
  'labels.patch': 5,
  'labels.delete': 5,
  'settings.sendAs.list': 1,
  'messages.list': 5,
  'messages.get': 5,
  'messages.attachments.get': 5,
  'messages.modify': 5,
  'messages.delete': 10,
  'messages.batchModify': 50,
  'messages.batchDelete': 50,
  'threads.list': 10,
  'threads.get': 10,
  'drafts.list': 5,
  'drafts.get': 5,
  'drafts.create': 10,
  'drafts.update': 15,
  'drafts.delete': 10,
  'drafts.send': 100,
  'history.list': 2,
  watch: 100,
  stop: 50,
} as const;

export type Operation = keyof typeof UNITS;

/** The published limits per user and minute. Gmail publishes no limit on concurrent requests, but answers many at once with 429. */
export const LIMITS = { concurrency: 10, streams: 4, units: 15_000, windowMs: 60_000 } as const;
