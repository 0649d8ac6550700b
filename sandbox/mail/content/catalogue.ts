import { arabic, emoji, japanese, russian } from './abroad.ts';
import { HOME } from './home.ts';
import { bakery, books, digest, library, people, spam } from './letters.ts';
import { OFFICE } from './office.ts';
import { SHARED } from './shared.ts';
import type { Story } from './story.ts';

/** The mailbox that is filled: the private one (Gmail in the sandbox) or the one at work (Outlook). */
export type Side = 'home' | 'office';

/** The place of a mail in the pattern that the built-in mail repeats. */
export interface Slot {
  readonly story: Story;
  readonly step: number;
  /** The number of this telling of a story that the pattern contains `tellings` times. */
  readonly telling: number;
  readonly tellings: number;
  /** Slots of one `volley` arrive in the same second. */
  readonly volley: boolean;
  readonly shared: boolean;
}

/** The number of mails in the pattern of either side. Shared stories have the same places in both. */
export const PATTERN_LENGTH = 44;
const SHARED_AT = [9, 14, 19, 25, 31, 37];

const STORIES: Record<Side, readonly Story[]> = {
  home: [...HOME, japanese, emoji, arabic, russian, bakery, books, digest, library, spam],
  office: [...OFFICE, people, digest, japanese, spam],
};
/** Single mails that fill the rest of the pattern. */
const FILLERS: Record<Side, readonly Story[]> = { home: [digest, bakery, library], office: [people, digest] };

/** The pattern, newest mail first. */
export function patternOf(side: Side): readonly Slot[] {
  const stories = STORIES[side];
  const shared = interleave(
    SHARED.map((story) => ({ story, telling: 0, tellings: 1 })),
    true,
  );
  const volleys = stories.filter((story) => story.threaded === false);
  const free = PATTERN_LENGTH - shared.length;
  const lengths = stories.reduce((sum, story) => sum + story.length, 0);
  const fillers = Array.from({ length: free - lengths }, (_, i) => FILLERS[side][i % FILLERS[side].length] as Story);
  const interleaved = [...stories.filter((story) => story.threaded !== false), ...fillers];
  const own = [
    ...volleys.flatMap(volley),
    ...interleave(
      interleaved.map((story, i) => ({ story, ...occurrence(interleaved, story, i) })),
      false,
    ),
  ];
  const oldestFirst: Slot[] = [];
  for (let i = 0; i < PATTERN_LENGTH; i++) {
    oldestFirst.push((SHARED_AT.includes(i) ? shared.shift() : own.shift()) as Slot);
  }
  return oldestFirst.reverse();
}

function occurrence(stories: readonly Story[], story: Story, at: number): { telling: number; tellings: number } {
  const tellings = stories.filter((other) => other === story).length;
  return { telling: stories.slice(0, at).filter((other) => other === story).length, tellings };
}

function volley(story: Story): Slot[] {
  return Array.from({ length: story.length }, (_, step) => ({
    story,
    step,
    telling: 0,
    tellings: 1,
    volley: true,
    shared: false,
  }));
}

/** Interleaves conversations, as in a real mailbox: each step of one is followed by a step of every other one. */
function interleave(entries: readonly Pick<Slot, 'story' | 'telling' | 'tellings'>[], shared: boolean): Slot[] {
  const slots: Slot[] = [];
  const next = entries.map(() => 0);
  const total = entries.reduce((sum, { story }) => sum + story.length, 0);
  for (let round = 0; slots.length < total; round++) {
    entries.forEach((entry, i) => {
      const step = next[i] as number;
      if (step >= entry.story.length || (round + 3 * i) % 4 === 3) return;
      slots.push({ ...entry, step, volley: false, shared });
      next[i] = step + 1;
    });
  }
  return slots;
}
