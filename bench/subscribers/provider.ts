import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Message } from '../../src/domain/message.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';
import { ACCOUNTS } from '../warm/mail.ts';
import { memoryProviders } from '../warm/provider.ts';

const memory = memoryProviders[0] as Provider;
const message = ACCOUNTS[0]?.messages[0] as Message;

interface AnnouncingMailbox {
  readonly arrived: string[];
  announce: () => void;
}
const emptyMailbox = (): AnnouncingMailbox => ({ arrived: [], announce: () => {} });

/** Mailboxes in memory that announce each new mail, as a provider with a held connection does. */
export function announcingProvider(): { readonly provider: Provider; readonly deliver: () => void } {
  /** The mailboxes of this process, in the order in which they were connected. */
  const mailboxes = new Map<string, AnnouncingMailbox>();
  const identify = async () => {
    const address = `${randomUUID()}@gmail.example`;
    mailboxes.set(address, emptyMailbox());
    return address;
  };
  let delivered = 0;
  const [method] = memory.connectMethods;
  const provider: Provider = {
    ...memory,
    connectMethods: [{ ...method, identify } as typeof method & object],
    open: (options) => {
      // A database that is used again has accounts of an earlier run.
      const mailbox = mailboxes.get(options.address) ?? emptyMailbox();
      return {
        ...memory.open(options),
        changes: async (since) => ({
          changes:
            since === null
              ? []
              : mailbox.arrived.slice(Number(since)).map((messageId) => ({ kind: 'created', messageId })),
          cursor: String(mailbox.arrived.length),
          more: false,
        }),
        getMessages: async (ids) => ids.map((id) => ({ ...message, id })),
        listen: (changed, { signal }) => {
          mailbox.announce = changed;
          // All mailboxes listen until the same signal aborts.
          setMaxListeners(0, signal as AbortSignal);
          return new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
        },
      };
    },
  };
  const deliver = () => {
    const mailbox = [...mailboxes.values()][delivered++ % mailboxes.size];
    mailbox?.arrived.push(`mail-${delivered}`);
    mailbox?.announce();
  };
  return { provider, deliver };
}
