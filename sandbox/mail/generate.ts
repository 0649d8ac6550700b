import { composeRaw } from './compose.ts';
import { PATTERN_LENGTH, patternOf, type Side, type Slot } from './content/catalogue.ts';
import type { Cast, Scene } from './content/story.ts';
import { previewOf, previewText } from './envelope.ts';
import type { Envelope, Mail, MimePart, Placement } from './mail.ts';
import { parseMime } from './mime.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds between two mails of a small mailbox. A large one is compressed into ten years. */
const SPACING = 4 * HOUR;
const MAX_SPAN_MS = 3650 * DAY;

/**
 * Generates the built-in mail of one side, newest first, with the same keys, ids and words each time. Only the dates follow
 * `now`, in steps of six hours. The envelope and the bytes of a mail are built on demand, so that a million mails cost little
 * more than their objects.
 */
export function* generateMail(side: Side, cast: Cast, count: number, now: Date): Generator<Mail> {
  const plan: Plan = {
    side,
    cast,
    pattern: patternOf(side),
    newest: Math.floor(now.getTime() / (6 * HOUR)) * 6 * HOUR - HOUR,
    spacing: Math.min(SPACING, Math.floor(MAX_SPAN_MS / Math.max(count, 1))),
    scenes: new Map(),
    recent: new Map(),
  };
  for (let index = 0; index < count; index++) yield new GeneratedMail(plan, index);
}

interface Plan {
  readonly side: Side;
  readonly cast: Cast;
  readonly pattern: readonly Slot[];
  readonly newest: number;
  readonly spacing: number;
  /** A cache of recent stories, because the mails of a story follow each other closely. */
  readonly scenes: Map<string, readonly Scene[]>;
  /** A cache of recent envelopes. Those of every mail of a large mailbox would fill the memory. */
  readonly recent: Map<number, Envelope>;
}

class GeneratedMail implements Mail {
  readonly #plan: Plan;
  readonly #index: number;
  #size = 0;
  #mime: WeakRef<MimePart> | null = null;

  constructor(plan: Plan, index: number) {
    this.#plan = plan;
    this.#index = index;
  }

  get key(): string {
    return messageKey(this.#plan, this.#slot, this.#telling, this.#slot.step);
  }

  get receivedAt(): Date {
    const { newest, spacing, pattern } = this.#plan;
    let place = this.#index % PATTERN_LENGTH;
    while (pattern[place]?.volley && pattern[place - 1]?.volley) place--;
    const index = this.#block * PATTERN_LENGTH + place;
    const shared = pattern[place]?.shared || this.#plan.side === 'home';
    const jitter = (hash(shared ? index : index + 0x40000000) % 80) / 100;
    return new Date(Math.floor((newest - (index + jitter) * spacing) / 1000) * 1000);
  }

  get placement(): Placement {
    const { cast } = this.#plan;
    const scene = this.#scene;
    const own = scene.from.address === cast.me.address;
    const chance = hash(this.#index * 7 + 3) % 100;
    const tidied = this.#block > 1 && chance < 20 ? 'archive' : 'inbox';
    const mailbox = scene.place?.mailbox ?? (own ? 'sent' : tidied);
    const unread = mailbox === 'junk' || (!own && mailbox !== 'archive' && chance < (this.#block === 0 ? 45 : 12));
    return {
      mailbox,
      labels: scene.place?.labels ?? [],
      isRead: own || (scene.place?.isRead ?? !unread),
      isStarred: scene.place?.isStarred ?? false,
      isImportant: scene.place?.isImportant ?? false,
    };
  }

  get envelope(): Envelope {
    const { recent } = this.#plan;
    const known = recent.get(this.#index);
    if (known) return known;
    if (recent.size >= 500) recent.clear();
    const envelope = this.#describe();
    recent.set(this.#index, envelope);
    return envelope;
  }

  raw(): Buffer {
    const {
      from,
      to,
      cc = [],
      replyTo = [],
      subject,
      text,
      html = null,
      charset = 'utf-8',
      headers = {},
    } = this.#scene;
    const date = this.receivedAt;
    const files = [...(this.#scene.images?.() ?? []), ...(this.#scene.attachments?.(date) ?? [])];
    const messageId = this.#idOf(this.#slot.step);
    const references = this.#references();
    const thread = { messageId, references, inReplyTo: references.slice(-1) };
    return composeRaw({ from, to, cc, replyTo, subject, text, html, charset, headers, files, date, ...thread });
  }

  mime(): MimePart {
    const known = this.#mime?.deref();
    if (known) return known;
    const parsed = parseMime(this.raw());
    this.#mime = new WeakRef(parsed);
    return parsed;
  }

  get #slot(): Slot {
    return this.#plan.pattern[this.#index % PATTERN_LENGTH] as Slot;
  }

  get #block(): number {
    return Math.floor(this.#index / PATTERN_LENGTH);
  }

  get #telling(): number {
    const { telling, tellings } = this.#slot;
    return this.#block * tellings + (tellings - 1 - telling);
  }

  get #scene(): Scene {
    const { scenes: cache, cast } = this.#plan;
    const { story, step } = this.#slot;
    const key = `${story.key} ${this.#telling}`;
    let scenes = cache.get(key);
    if (!scenes) {
      if (cache.size > 100) cache.clear();
      scenes = story.scenes(this.#telling, cast);
      cache.set(key, scenes);
    }
    return scenes[step] as Scene;
  }

  /** Returns the Message-IDs of the earlier scenes, oldest first. */
  #references(): string[] {
    const { story, step } = this.#slot;
    return story.threaded === false ? [] : Array.from({ length: step }, (_, at) => this.#idOf(at));
  }

  #idOf(step: number): string {
    return `<${messageKey(this.#plan, this.#slot, this.#telling, step)}@mail.example>`;
  }

  #describe(): Envelope {
    const scene = this.#scene;
    const references = this.#references();
    const size = () => this.#measure();
    return {
      subject: scene.subject,
      from: scene.from,
      sender: scene.from,
      to: scene.to,
      cc: scene.cc ?? [],
      bcc: [],
      replyTo: scene.replyTo ?? [],
      date: this.receivedAt,
      messageId: this.#idOf(this.#slot.step),
      inReplyTo: references.slice(-1),
      references,
      hasAttachment: scene.attachments !== undefined,
      // The most expensive parts are built on demand: filling a large mailbox needs neither.
      get preview() {
        return previewOf(scene.text ?? previewText(scene.html ?? ''));
      },
      get bodyPreview() {
        return previewOf(scene.html ? previewText(scene.html) : (scene.text ?? ''));
      },
      get size() {
        return size();
      },
    };
  }

  #measure(): number {
    this.#size ||= this.raw().length;
    return this.#size;
  }
}

/** Returns the permanent name of a mail. Shared conversations have the same names on both sides, because they are the same mails. */
function messageKey(plan: Plan, slot: Slot, telling: number, step: number): string {
  return `${slot.story.key}.${telling}.${step}.${slot.shared ? 'shared' : plan.side}`;
}

/** Spreads small numbers over 32 bits, the same each time. */
function hash(n: number): number {
  let h = Math.imul(n + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
