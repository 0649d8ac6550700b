import { TWINS } from '../../twins.ts';
import { type CallGuide, TARGET } from './call.ts';

/** Lists the values that each vendor allows, the default first. */
function valuesOf(way: string): string {
  const allowed = TWINS.flatMap(({ name, searchWays }) => {
    const values = Object.entries(searchWays).find(([key]) => key === way)?.[1];
    return values ? [`${name} allows ${values.join(' and ')}.`] : [];
  });
  return allowed.join(' ');
}

/** The calls that set how the vendor behaves where it is not documented, or where an administrator decides. */
export const BEHAVIOUR_CALLS = {
  'POST /control/search-lag': {
    does: 'Sets how long the search index lags behind. Mail that arrives from now on is found only after that time.',
    fields: {
      ...TARGET,
      seconds:
        'From 0 to 86400. Required. At Google, 0 also makes all mail that still waits for the index findable at once.',
    },
    answer: '{accounts, seconds}',
  },
  'POST /control/search-index': {
    does: 'Sets how the search index stores words and orders its results, where the vendor does not document it. A field that is left out returns to its default, which is the first of its values.',
    fields: {
      ...TARGET,
      accents: `folded: é is found as e. kept: they are different letters. At Microsoft, kept also distinguishes ligatures and full-width letters. ${valuesOf('accents')}`,
      underscore: `joins: _ is part of a word. separates: it separates words. ${valuesOf('underscore')}`,
      forms: `whole: quoted words are found as they are. stems: they are also found by their stems, so that starts finds starting. beginnings: a single quoted word is also found by its beginning. ${valuesOf('forms')}`,
      unspaced: `characters: each Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese character is a word. runs: all such characters between two punctuation marks are one word. ${valuesOf('unspaced')}`,
      sender: `found: the operator from: also searches the Sender header. ignored: it searches the From header only. ${valuesOf('sender')}`,
      messageIds: `folded: the operator rfc822msgid: ignores case. exact: it does not. ${valuesOf('messageIds')}`,
      order: `sent: results are sorted by the date that the sender wrote, as Microsoft documents. received: they are sorted by the time of receipt. ${valuesOf('order')}`,
    },
    answer: '{accounts} and the fields that were given.',
  },
  'POST /control/sending': {
    does: 'Sets how the vendor sends. A field that is left out returns to its default. Messages that still wait to be sent are sent at once.',
    fields: {
      ...TARGET,
      lagSeconds:
        'Microsoft only. The message is sent so many seconds after the answer 202. From 0 to 86400. Default: 0, which sends at once.',
      meanwhile:
        'Microsoft only. What the message is until it is sent. draft: a draft with mfSubmitted in its PidTagMessageFlags. absent: it cannot be found. Default: draft.',
      ids: 'Microsoft only. kept: the sent copy has the id of the draft. changed: it has another id. Default: kept.',
      messageId:
        'Google only. What happens to the Message-ID of a sent message. kept: it stays as the client wrote it. original: it is replaced, and kept in X-Google-Original-Message-ID. replaced: it is replaced and lost. Default: original.',
    },
    answer: '{accounts} and the fields that were given.',
  },
  'POST /control/replica-lag': {
    does: 'Makes a new message unknown to the upload of attachments for a time, which is answered with 404 ErrorItemNotFound, or lets the replica that reads single messages lag behind. Independently of this setting, two upload sessions of one message at the same time are always answered with 412.',
    fields: {
      vendor: 'microsoft. Required.',
      account: TARGET.account,
      seconds:
        'How long after its creation the message stays unknown, or how far the replica is behind, from 0 to 86400. Required.',
      at: 'session: creating the upload session fails. piece: its first piece fails. read: GET /me/messages/{id}, alone and in a $batch, does not find a message that was created since, and returns the flags and folder that a message had then. It has all that was there before this call. Lists, deltas and notifications do not lag. Default: session.',
    },
    answer: '{accounts, seconds, at}',
  },
  'POST /control/headers': {
    does: 'Sets how Google lists the values of headers, which it does not document.',
    fields: {
      vendor: 'google. Required.',
      account: TARGET.account,
      spelling:
        'written: as the sender wrote them. decoded: with encoded words decoded, and names without quotes. Required. Every account starts with the value of the setting SANDBOX_HEADERS, which is written unless it is set.',
    },
    answer: '{accounts, spelling}',
  },
  'POST /control/limits': {
    does: 'Sets a limit. Give exactly one of maxMessageBytes and batchWidth.',
    fields: {
      ...TARGET,
      maxMessageBytes:
        'Microsoft only. The largest message that can be sent, as an administrator of Exchange sets it. From 1 to 157286400 (150 MB). Every account starts with 36700160 (35 MB).',
      batchWidth:
        'Google only. The number of parts of a batch that are always answered. Of the parts after them, every second one is answered with 429. From 1 to 100. Every account starts with 50, which Google recommends. 25 was measured in the field.',
    },
    answer: '{accounts} and the field that was given.',
  },
  'POST /control/threading': {
    does: 'Sets whether Google joins mail to a thread by its subject. In both cases a thread ends at 100 messages, and the next message begins another.',
    fields: {
      vendor: 'google. Required.',
      account: TARGET.account,
      subjects:
        'join: mail that refers to no other mail joins the thread in which the same people wrote under the same subject within a week. apart: it begins a thread. Required. Every account starts with join.',
    },
    answer: '{accounts, subjects}',
  },
} as const satisfies Record<string, CallGuide>;
