import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { composeRaw } from '../../../sandbox/mail/compose.ts';
import type { Sandbox } from '../../../sandbox/start.ts';
import { connect, MAIL_SCOPE } from '../../../sandbox/testing/google.ts';
import { signIn } from '../../../sandbox/testing/microsoft.ts';

/** What another client of a mailbox does to it through the vendor's own API, beside what POST /control/touch does. */
export interface OtherClient {
  createMailbox(name: string): Promise<string>;
  renameMailbox(id: string, name: string): Promise<void>;
  /** Deletes a mailbox. Microsoft puts a folder into the trash with its messages first, and purges it the second time. */
  deleteMailbox(id: string): Promise<void>;
  /** Moves a message to a mailbox that a user has made. At Google it gets the label and leaves the inbox. */
  move(messageId: string, mailboxId: string): Promise<void>;
  /** Adds or removes a label of the user, or a category. */
  label(messageId: string, label: string, isAdded: boolean): Promise<void>;
  important(messageId: string, isImportant: boolean): Promise<void>;
  /** Returns the id of the draft's message, and what `saveDraft` and `deleteDraft` need. */
  createDraft(subject: string): Promise<Draft>;
  saveDraft(draft: Draft, subject: string): Promise<Draft>;
  deleteDraft(draft: Draft): Promise<void>;
}

export interface Draft {
  readonly messageId: string;
  readonly draftId: string;
}

/** Signs a client of an account in at the vendor. It signs in again when its token has expired. */
export function otherClient(sandbox: Sandbox, vendor: string, address: string): OtherClient {
  const url = sandbox.urlOf(vendor);
  if (vendor === 'google') {
    const tokens = async () => (await connect(url, [MAIL_SCOPE], address)).tokens.access_token ?? '';
    return google(requester(`${url}/gmail/v1/users/me`, tokens), address);
  }
  const tokens = async () => (await signIn(url)).access_token;
  return microsoft(requester(`${url}/v1.0/me`, tokens));
}

type Send = <T>(method: string, path: string, body?: unknown) => Promise<T>;

function requester(base: string, signedIn: () => Promise<string>): Send {
  let token: string | null = null;
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    for (let tries = 1; ; tries++) {
      token ??= await signedIn();
      const response = await fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          prefer: 'IdType="ImmutableId"',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return (text === '' ? null : JSON.parse(text)) as T;
      if (response.status === 401) token = null;
      // The gateway uses the same account, so that it may be at a limit: four requests at once at Microsoft.
      if (![401, 429, 503].includes(response.status) || tries === 50)
        throw new Error(`${method} ${path}: ${response.status} ${text}`);
      await delay(20);
    }
  };
}

interface Identified {
  readonly id: string;
}

function google(send: Send, address: string): OtherClient {
  const modify = async (id: string, addLabelIds: readonly string[], removeLabelIds: readonly string[]) =>
    void (await send('POST', `/messages/${id}/modify`, { addLabelIds, removeLabelIds }));
  const draftOf = (subject: string) => ({
    message: {
      raw: composeRaw({
        from: { name: '', address },
        to: [{ name: '', address: 'zoe@mail.example' }],
        subject,
        text: 'x',
        date: new Date(),
        messageId: `<${randomUUID()}@mail.example>`,
      }).toString('base64url'),
    },
  });
  const saved = ({ id, message }: { id: string; message: Identified }): Draft => ({
    draftId: id,
    messageId: message.id,
  });
  return {
    createMailbox: async (name) => (await send<Identified>('POST', '/labels', { name })).id,
    renameMailbox: async (id, name) => void (await send('PATCH', `/labels/${id}`, { name })),
    deleteMailbox: async (id) => void (await send('DELETE', `/labels/${id}`)),
    move: (messageId, mailboxId) => modify(messageId, [mailboxId], ['INBOX']),
    label: (messageId, label, isAdded) => (isAdded ? modify(messageId, [label], []) : modify(messageId, [], [label])),
    important: (messageId, isImportant) =>
      isImportant ? modify(messageId, ['IMPORTANT'], []) : modify(messageId, [], ['IMPORTANT']),
    createDraft: async (subject) => saved(await send('POST', '/drafts', draftOf(subject))),
    saveDraft: async ({ draftId }, subject) => saved(await send('PUT', `/drafts/${draftId}`, draftOf(subject))),
    deleteDraft: async ({ draftId }) => void (await send('DELETE', `/drafts/${draftId}`)),
  };
}

function microsoft(send: Send): OtherClient {
  const patch = async (id: string, body: object) => void (await send('PATCH', `/messages/${id}`, body));
  const saved = ({ id }: Identified): Draft => ({ messageId: id, draftId: id });
  return {
    createMailbox: async (displayName) => (await send<Identified>('POST', '/mailFolders', { displayName })).id,
    renameMailbox: async (id, displayName) => void (await send('PATCH', `/mailFolders/${id}`, { displayName })),
    deleteMailbox: async (id) => void (await send('DELETE', `/mailFolders/${id}`)),
    move: async (messageId, destinationId) =>
      void (await send('POST', `/messages/${messageId}/move`, { destinationId })),
    async label(messageId, label, isAdded) {
      const { categories } = await send<{ categories: string[] }>('GET', `/messages/${messageId}?$select=categories`);
      const others = categories.filter((name) => name !== label);
      await patch(messageId, { categories: isAdded ? [...others, label] : others });
    },
    important: (messageId, isImportant) => patch(messageId, { importance: isImportant ? 'high' : 'normal' }),
    createDraft: async (subject) =>
      saved(await send('POST', '/messages', { subject, body: { contentType: 'text', content: 'x' } })),
    async saveDraft(draft, subject) {
      await patch(draft.messageId, { subject });
      return draft;
    },
    deleteDraft: async ({ draftId }) => void (await send('DELETE', `/messages/${draftId}`)),
  };
}
