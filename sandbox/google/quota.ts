import type { World } from '../world.ts';
import { quotaExceeded } from './errors.ts';

/** Quota units per method, from Google's usage limits page. */
export const UNITS = {
  getProfile: 1,
  stop: 50,
  watch: 100,
  'drafts.create': 10,
  'drafts.delete': 10,
  'drafts.get': 5,
  'drafts.list': 5,
  'drafts.send': 100,
  'drafts.update': 15,
  'history.list': 2,
  'labels.create': 5,
  'labels.delete': 5,
  'labels.get': 1,
  'labels.list': 1,
  'labels.patch': 5,
  'labels.update': 5,
  'messages.attachments.get': 5,
  'messages.batchDelete': 50,
  'messages.batchModify': 50,
  'messages.delete': 10,
  'messages.get': 5,
  'messages.import': 25,
  'messages.insert': 25,
  'messages.list': 5,
  'messages.modify': 5,
  'messages.send': 100,
  'messages.trash': 5,
  'messages.untrash': 5,
  'settings.sendAs.get': 1,
  'settings.sendAs.list': 1,
  'settings.sendAs.patch': 100,
  'settings.sendAs.update': 100,
  'threads.delete': 20,
  'threads.get': 10,
  'threads.list': 10,
  'threads.modify': 10,
  'threads.trash': 10,
  'threads.untrash': 10,
} as const;
export type OperationName = keyof typeof UNITS;

const PER_USER = 15_000;
const PER_PROJECT = 1_200_000;
const MINUTE = 60_000;

/** Units per minute, for each user and for the project. Refused requests cost nothing. */
export class Quota {
  readonly #windows = new Map<string, { start: number; used: number }>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  spend(user: string, units: number): void {
    const mine = this.#window(`user ${user}`);
    const project = this.#window('project');
    if (mine.used + units > PER_USER) throw quotaExceeded('user');
    if (project.used + units > PER_PROJECT) throw quotaExceeded('project');
    mine.used += units;
    project.used += units;
  }

  #window(key: string): { start: number; used: number } {
    const now = this.#world.now().getTime();
    let window = this.#windows.get(key);
    if (!window || now - window.start >= MINUTE || now < window.start) {
      window = { start: now, used: 0 };
      this.#windows.set(key, window);
    }
    return window;
  }
}
