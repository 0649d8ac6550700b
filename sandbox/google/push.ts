import type { World } from '../world.ts';
import type { Account } from './directory.ts';
import { type SigningKeys, subjectOf } from './identity/keys.ts';
import { DEFAULT_TOPIC, type GoogleOptions } from './options.ts';

/** The one watch of a mailbox. It survives a restart. */
interface Watch {
  readonly labelIds: readonly string[];
  readonly behavior: 'include' | 'exclude';
  /** When it expires, in milliseconds. */
  readonly expiration: number;
  /** It notifies of nothing until it is stopped, although it can be renewed. */
  readonly isSilent?: boolean;
}

const INTERVAL_MS = 1000;

/** Pub/Sub's push: notifies the endpoint of changes, at most once a second for each user, with the latest history id. */
export class Push {
  readonly #lastAt = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #messages = 0n;

  constructor(
    private readonly world: World,
    private readonly options: GoogleOptions,
    private readonly keys: SigningKeys,
  ) {}

  /** Gmail sends a first message at once, which proves the topic. */
  start(account: Account, watch: Watch): void {
    const isSilent = this.#watch(account.address)?.isSilent ?? false;
    this.world.keep.set(kept(account.address), { ...watch, isSilent });
    this.#schedule(account);
  }

  silence(address: string): void {
    const watch = this.#watch(address);
    if (watch) this.world.keep.set(kept(address), { ...watch, isSilent: true });
  }

  stop(address: string): void {
    this.world.keep.set(kept(address), null);
  }

  changed(account: Account, labels: ReadonlySet<string>): void {
    const watch = this.#watch(account.address);
    if (!watch) return;
    const concerned = watch.labelIds.some((label) => labels.has(label));
    if (watch.labelIds.length === 0 || concerned === (watch.behavior === 'include')) this.#schedule(account);
  }

  /** Delays the message until a second has passed since the last one. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  #watch(address: string): Watch | null {
    const watch = this.world.keep.get<Watch | null>(kept(address)) ?? null;
    return watch && watch.expiration > this.world.now().getTime() ? watch : null;
  }

  #schedule(account: Account): void {
    const { address } = account;
    if (this.#waiting.has(address)) return;
    this.#waiting.add(address);
    const wait = (this.#lastAt.get(address) ?? 0) + INTERVAL_MS - Date.now();
    setTimeout(
      () => {
        this.#waiting.delete(address);
        const watch = this.#watch(address);
        if (!watch || watch.isSilent) return;
        this.#lastAt.set(address, Date.now());
        this.#publish(account);
      },
      Math.max(wait, 0),
    ).unref();
  }

  #publish({ address, mailbox }: Account): void {
    const { pushEndpoint, pushServiceAccount, topic = DEFAULT_TOPIC } = this.options;
    const now = this.world.now();
    const endpoint = pushEndpoint();
    const historyId = mailbox.history.current;
    const data = Buffer.from(JSON.stringify({ emailAddress: address, historyId })).toString('base64');
    this.#messages += 1n;
    const messageId = String(BigInt(now.getTime()) * 1000n + this.#messages);
    const publishTime = now.toISOString();
    const token = this.keys.sign(
      {
        aud: endpoint,
        azp: subjectOf(pushServiceAccount),
        sub: subjectOf(pushServiceAccount),
        email: pushServiceAccount,
        email_verified: true,
      },
      now,
    );
    this.world.post('google', address, endpoint, {
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        message: { data, messageId, message_id: messageId, publishTime, publish_time: publishTime },
        subscription: `${topic.replace('/topics/', '/subscriptions/')}-push`,
      }),
    });
  }
}

const kept = (address: string) => `google.watch.${address}`;
