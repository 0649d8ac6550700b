import { connectTab } from './connect.tab.ts';
import type { Examples } from './examples.ts';
import { json, type Tab } from './tab.ts';
import { writingTabs } from './writing.tabs.ts';

/**
 * The tabs with which the page opens, each with one idea. A tab is named after its operation. The first one is shown.
 */

/** The operation of the tab that is shown first. */
export const FIRST_OPERATION = 'Inbox';

export function defaultTabs(examples: Examples, controlUrl: string | null, origin: string): Tab[] {
  return [
    { query: MERGED_INBOX },
    { query: ONE_THREAD },
    { query: SEARCH, variables: json({ search: 'has:attachment -is:unread', first: 10 }) },
    ...writingTabs(examples),
    { query: LIVE_MAIL },
    { query: badDay(controlUrl) },
    connectTab(examples.provider, controlUrl === null ? null : origin),
  ];
}

const MERGED_INBOX = `# One inbox over all your accounts, newest first.
# Ctrl-Enter runs it (Cmd-Enter on a Mac).
# Escape leaves the editor: Tab then moves the focus.
query Inbox {
  viewer {
    messages(first: 25, filter: { role: INBOX }) {
      nodes {
        subject
        from { name address }
        receivedAt
        isRead
        integration { address }
      }
      pageInfo { hasNextPage endCursor }
      sources {
        integration { address }
        state
        problem { code message }
      }
    }
  }
}
`;

const ONE_THREAD = `# The newest conversation, message by message.
query Thread {
  viewer {
    threads(first: 1) {
      nodes {
        id
        subject
        messageCount
        participants { name address }
        messages {
          nodes {
            from { name address }
            sentAt
            body { text }
            attachments {
              filename
              mimeType
              sizeBytes
              download { url expiresAt }
            }
          }
        }
      }
    }
  }
}
`;

const SEARCH = `# from: to: subject: has:attachment is:unread
# is:starred in: after: before: and "quoted words";
# a minus excludes. Under sources, evaluation says for
# each account who decided what matches.
query Search($search: String!, $first: Int) {
  viewer {
    messages(first: $first, search: $search) {
      nodes {
        receivedAt
        subject
        from { address }
        mailboxes { name role }
      }
      sources {
        integration { address }
        state
        evaluation
        problem { code message }
      }
    }
  }
}
`;

const LIVE_MAIL = `# Run it and leave it open: new mail appears here
# as the providers announce it, the newest first; the
# page keeps the last twenty events. Subscribe again
# with the last cursor as "after" to miss no event.
# mailEvents has every other change too.
subscription LiveMail {
  messageReceived {
    cursor
    message {
      receivedAt
      subject
      from { name address }
      integration { address }
    }
  }
}
`;

function badDay(controlUrl: string | null): string {
  const rehearsal = controlUrl
    ? `#
# Try it: make Outlook answer 503, from a terminal:
#
# curl ${controlUrl}/faults \\
#   -H 'content-type: application/json' \\
#   -d '{"vendor":"microsoft","status":503}'
#
# Run this query, then end the failure:
#
# curl -X DELETE ${controlUrl}/faults
`
    : '';
  return `# When one account fails, the mail of the others is
# still returned, and sources says what happened.
${rehearsal}query BadDay {
  viewer {
    messages(first: 10) {
      sources {
        integration { address }
        state
        problem { code message retryAfter reference }
      }
      nodes {
        receivedAt
        subject
        integration { address }
      }
    }
    integrations {
      address
      status
      problem { code message }
      sync { live lastEventAt watchExpiresAt }
    }
  }
}
`;
}
