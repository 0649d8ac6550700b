import type { SignInRefusals } from '../sign-in.refusals.ts';
import { DEFAULT_SEARCH_INDEX, type Emulator } from '../world.ts';
import type { Directory } from './directory.ts';
import type { Grants } from './identity/grants.ts';
import type { StoredMessage } from './mailbox/message.ts';
import { piecesOf, restore, stampOf } from './mailbox/pieces.ts';
import { labelsOf } from './mailbox/placement.ts';
import type { Push } from './push.ts';
import { type LabelChange, relabel, TRASH } from './resources/relabel.ts';

/** The methods by which the control API and the sandbox's own mail change the emulated Google. They throw for unknown accounts. */
export function emulatorOf(directory: Directory, grants: Grants, refusals: SignInRefusals, push: Push): Emulator {
  const addressOf = (account: string) => directory.get(account).address;
  return {
    vendor: 'google',
    accounts: () => directory.addresses(),
    recipient: (address) => directory.recipient(address)?.address ?? null,
    createAccount: (address, name) => directory.create(address, name),
    fill: (account, mails) => directory.get(account).mailbox.fill(mails),
    deliver(account, mail) {
      const { mailbox } = directory.get(account);
      return mailbox.add(mail, labelsOf(mail.placement, mailbox.labels), null).id;
    },
    expireTokens: (account) => grants.expireAccess(addressOf(account)),
    refuseTokens: (account, areRefused) => grants.refuseAccess(addressOf(account), areRefused),
    refuseSignIn: (account, refusal, at) => refusals.set(addressOf(account), refusal, at),
    revoke(account) {
      grants.revoke(addressOf(account));
      push.stop(addressOf(account));
    },
    expireHistory: (account) => directory.get(account).mailbox.history.expire(),
    spoilChanges: (account, spoil) => directory.get(account).mailbox.spoil.set(spoil),
    dropWatches: (account) => push.stop(addressOf(account)),
    silenceWatches: (account) => push.silence(addressOf(account)),
    setSearchLag(account, seconds) {
      const { mailbox } = directory.get(account);
      mailbox.indexLag.set(seconds, mailbox.timeline.after(null));
    },
    setSearchIndex(account, index) {
      const isOther = Object.keys(index).length > 0;
      directory.get(account).searchIndex = isOther ? { ...DEFAULT_SEARCH_INDEX, ...index } : DEFAULT_SEARCH_INDEX;
    },
    setSending(account, { messageId, ...others }) {
      if (Object.keys(others).length > 0) return false;
      directory.get(account).sentMessageId = messageId ?? 'original';
      return true;
    },
    refuseMailbox(account, refusal) {
      directory.get(account).hasMail = refusal === null;
    },
    setHeaders(account, spelling) {
      directory.get(account).spelling = spelling;
    },
    setBatchWidth(account, parts) {
      directory.get(account).batchWidth = parts;
    },
    setSubjectThreads(account, threads) {
      directory.get(account).mailbox.threading.bySubject = threads;
    },
    hasPendingNotifications: () => push.isWaiting,
    touch(account, messageId, change) {
      const { mailbox } = directory.get(account);
      const message = mailbox.get(messageId);
      if (!message) throw new Error(`no message ${messageId} in ${account}`);
      if (change === 'delete') return mailbox.delete(message);
      const labels = CHANGES.get(change);
      if (!labels) throw new Error(`unknown change "${change}": ${['delete', ...CHANGES.keys()].join(', ')}`);
      relabel(mailbox, message, labels);
    },
    stampOf: (account) => stampOf(directory.get(account).mailbox),
    piecesOf: (account) => piecesOf(directory.get(account).mailbox),
    restore: (account, pieces) => restore(directory.get(account).mailbox, pieces),
    dump(account) {
      const { mailbox } = directory.get(account);
      return [...mailbox.timeline.after(null)].map((message) => ({
        id: message.id,
        internetMessageId: message.mail.envelope.messageId,
        mailbox: placeOf(message),
        isDraft: message.labels.has('DRAFT'),
      }));
    },
  };
}

const CHANGES: ReadonlyMap<string, LabelChange> = new Map([
  ['read', { add: [], remove: ['UNREAD'] }],
  ['unread', { add: ['UNREAD'], remove: [] }],
  ['archive', { add: [], remove: ['INBOX'] }],
  ['trash', TRASH],
  ['inbox', { add: ['INBOX'], remove: ['TRASH', 'SPAM'] }],
  ['star', { add: ['STARRED'], remove: [] }],
  ['unstar', { add: [], remove: ['STARRED'] }],
]);

/** Returns the one place of a message. It is ARCHIVE when no label names another. */
function placeOf({ labels }: StoredMessage): string {
  return ['TRASH', 'SPAM', 'INBOX', 'DRAFT', 'SENT'].find((label) => labels.has(label)) ?? 'ARCHIVE';
}
